// What the chain itself says about an escrow, asked through the owner's own wallet and never
// through the bot's server.

const SELECTORS = {
  escrowAddress: "ad499aa1",
  implementation: "5c60da1b",
  nonce: "affed0e0",
  orchestrator: "b74795d9",
  tokens: "04c2320b",
  tokenListing: "c84148d2",
  venueListing: "7a9b5d83",
};
const PROXY = /^0x363d3d373d3d3d363d73([0-9a-f]{40})5af43d82803e903d91602b57fd5bf3([0-9a-f]{40})([0-9a-f]{64})([0-9a-f]{24})$/;

const word = (hex) => hex.replace(/^0x/, "").toLowerCase().padStart(64, "0");
const same = (one, other) => one.toLowerCase() === other.toLowerCase();

// What is known of an escrow that could not be looked at.
export const nothing = { signable: false, revocable: false, off: new Map() };

// An OpenZeppelin minimal proxy with packed arguments: owner 20 bytes | exit code's hash 32 | index 12.
export function readProxy(code) {
  const found = PROXY.exec(code.toLowerCase());
  if (!found) return null;
  const [, implementation, owner, exitHash, index] = found.map((part) => `0x${part}`);
  return { implementation, owner, exitHash, index: Number(index) };
}

// The lines to show, and what signing needs to know. A mandate may be signed if `signable`, revoked if
// `revocable`: lists never stand in the way of that. `off` says of tokens and adapters why they cannot be chosen.
export async function inspect(wallet, link, account) {
  const { site, agent, offer } = link;
  const lines = [];
  const line = (ok, text) => lines.push({ ok, text });
  const call = async (to, name, data = "") =>
    `${await wallet.ask("eth_call", [{ to, data: `0x${SELECTORS[name]}${data}` }, "latest"])}`;

  const chainId = Number(await wallet.ask("eth_chainId"));
  const onChain = chainId === site.chain_id;
  line(onChain, onChain ? `Your wallet is on ${site.network} (chain ${chainId}).` : `Your wallet is on chain ${chainId}, the escrow is on ${site.network} (chain ${site.chain_id}).`);
  if (!onChain) return { ...nothing, onChain, lines };

  const proxy = readProxy(await wallet.ask("eth_getCode", [agent.escrow, "latest"]));
  line(Boolean(proxy), proxy ? "There is an escrow at this address, whose code cannot change." : "At this address is no escrow of this kind.");
  if (!proxy) return { ...nothing, onChain, lines };

  const owned = same(proxy.owner, account);
  line(owned, owned ? "Its owner is your connected address. That is fixed in its code." : `Its owner is ${proxy.owner}, not you.`);
  const runs = await call(site.orchestrator, "implementation");
  const obeys = await call(agent.escrow, "orchestrator");
  const genuine =
    same(proxy.implementation, site.implementation) && same(word(runs), word(site.implementation)) && same(word(obeys), word(site.orchestrator));
  line(genuine, genuine ? "It runs the deployment's escrow code and obeys its orchestrator." : `It runs other code: ${proxy.implementation}.`);
  const predicted = await call(site.orchestrator, "escrowAddress", word(proxy.owner) + word(proxy.exitHash) + word(proxy.index.toString(16)));
  const derived = same(word(predicted), word(agent.escrow));
  line(derived, derived ? "Its address follows from owner, exit code and number." : "Its address does not follow from owner, exit code and number.");
  const nonce = Number(await call(agent.escrow, "nonce"));
  const revocable = lines.every((shown) => shown.ok);
  const { wrong, off } = await readLists(call, site.orchestrator, offer);
  line(!wrong, wrong || "All tokens and exchanges that can be chosen below are on the orchestrator's list.");
  return { signable: revocable && !wrong, revocable, off, onChain, lines, proxy, place: { chainId, escrow: agent.escrow, nonce } };
}

// What the orchestrator contradicts, in words, and what it does not let anybody trade.
async function readLists(call, orchestrator, offer) {
  const off = new Map();
  const note = (name, address, listing, at) => {
    if (wordAt(listing, at) === word("1")) return;
    const why = isEmpty(listing) ? "not listed" : "switched off";
    off.set(address, `${name} is ${why} on the chain: it cannot be in a mandate now.`);
  };
  const tokens = offer.tokens.map(async ({ symbol, address }) => {
    const [found, listing] = await Promise.all([
      call(orchestrator, "tokens", text(symbol)),
      call(orchestrator, "tokenListing", word(address)),
    ]);
    note(symbol, address, listing, 7);
    const known = word(found);
    if (known === word(address)) return "";
    if (known !== word("0")) return `On the orchestrator's list ${symbol} is another token, 0x${known.slice(24)}.`;
    return isEmpty(listing) ? "" : `The orchestrator does not know ${address} as ${symbol}.`;
  });
  const venues = offer.venues.map(async ({ name, adapter }) => {
    note(name, adapter, await call(orchestrator, "venueListing", word(adapter)), 2);
    return "";
  });
  try {
    return { wrong: (await Promise.all([...tokens, ...venues])).find(Boolean), off };
  } catch (error) {
    return { wrong: `The orchestrator's list could not be read. ${error.message}`, off };
  }
}

const isEmpty = (answer) => /^0x0*$/.test(answer);
const wordAt = (answer, at) => answer.slice(2 + 64 * at, 66 + 64 * at);

function text(value) {
  const hex = [...new TextEncoder().encode(value)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return word("20") + word((hex.length / 2).toString(16)) + hex.padEnd(64, "0");
}

// The same checks by the release itself and by Foundry's `cast`, for whoever does not trust this page.
export function commands(link, proxy) {
  const { site, agent } = link;
  const [exitHash, index] = proxy ? [proxy.exitHash, proxy.index] : ["EXIT_HASH", "INDEX"];
  const rpc = `--rpc-url ${site.rpc_url}`;
  return [
    `sei-trader check ${agent.escrow} --rpc ${site.rpc_url} --owner ${agent.owner} --orchestrator ${site.orchestrator}`,
    `cast code ${agent.escrow} ${rpc}`,
    `cast call ${agent.escrow} "owner()(address)" ${rpc}`,
    `cast call ${site.orchestrator} "escrowAddress(uint256,bytes32,uint256)(address)" ${agent.owner} ${exitHash} ${index} ${rpc}`,
  ];
}
