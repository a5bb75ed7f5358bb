// What is signed. The page writes the message itself, from the form and the chain, and refuses to
// sign when the bot's message differs in anything but the times that are the bot's to choose.

import { Problem } from "./api.js";

const SIGN_WITHIN_S = 3600;
const CLOCKS_DIFFER_S = 600;
const MICRO = 1_000_000;

const DOMAIN = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];
const MANDATE = [
  { name: "nonce", type: "uint32" },
  { name: "issuedAt", type: "uint40" },
  { name: "validUntil", type: "uint40" },
  { name: "signBy", type: "uint40" },
  { name: "slippageBps", type: "uint16" },
  { name: "tradeCap", type: "uint48" },
  { name: "dailyVolume", type: "uint48" },
  { name: "dailyLoss", type: "uint48" },
  { name: "tokens", type: "address[]" },
  { name: "adapters", type: "address[]" },
];
const REVOKE = [{ name: "nonce", type: "uint32" }];

export function ownMandate(told, choices, place) {
  const { issuedAt, signBy } = told.message ?? {};
  const now = Date.now() / 1000;
  if (!Number.isInteger(issuedAt) || !Number.isInteger(signBy)) throw lie("its times");
  if (issuedAt > now + CLOCKS_DIFFER_S || signBy > now + SIGN_WITHIN_S + CLOCKS_DIFFER_S) {
    throw lie("its times (or is this device's clock wrong?)");
  }
  return agreed(told, typed("Mandate", MANDATE, place, {
    nonce: place.nonce + 1,
    issuedAt,
    validUntil: choices.until,
    signBy,
    slippageBps: Math.round(choices.slippage * 100),
    tradeCap: Math.round(choices.trade * MICRO),
    dailyVolume: Math.round(choices.volume * MICRO),
    dailyLoss: Math.round(choices.loss * MICRO),
    tokens: choices.tokens,
    adapters: choices.adapters,
  }));
}

export function ownRevocation(told, place) {
  return agreed(told, typed("Revoke", REVOKE, place, { nonce: place.nonce + 1 }));
}

function typed(name, fields, place, message) {
  return {
    types: { EIP712Domain: DOMAIN, [name]: fields },
    primaryType: name,
    domain: {
      name: "Sei Trader Escrow",
      version: "1",
      chainId: place.chainId,
      verifyingContract: place.escrow,
    },
    message,
  };
}

function agreed(told, own) {
  const part = difference(told, own, []);
  if (part) throw lie(part);
  return own;
}

function difference(told, own, path) {
  if (typeof own !== "object") return told === own ? "" : path.join(" ");
  if (typeof told !== "object" || told === null || Array.isArray(told) !== Array.isArray(own)) return path.join(" ") || "all of it";
  for (const name of new Set([...Object.keys(told), ...Object.keys(own)])) {
    if (!Object.hasOwn(told, name) || !Object.hasOwn(own, name)) return [...path, name].join(" ");
    const part = difference(told[name], own[name], [...path, name]);
    if (part) return part;
  }
  return "";
}

const lie = (part) =>
  new Problem(
    `Do not sign: what the bot wants signed is not what this page shows (${part}). Nothing was signed. ` +
      "Reload the page; if it happens again, tell the bot's operator.",
  );
