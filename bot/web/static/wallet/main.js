// The owner's wallet page: connect, prove the address, then what the link is for.

import { Bot, Problem } from "./api.js";
import { $, action, alertBox, card, copy, el, short } from "./dom.js";
import { readLink } from "./link.js";
import { MandatePage } from "./mandate.js";
import { post, wear } from "./telegram.js";
import { Wallet, discover } from "./wallet.js";

const EXPIRED = [401, 410];
const { token, initData, theme, inTelegram } = readLink(location.hash);
const bot = new Bot(token);
let link = null;
let wallets = [];
let wallet = null;
let account = "";
let page = null;

function show(...children) {
  $("main").replaceChildren(...children);
}

function heading() {
  if (link.purpose === "prove_owner") {
    return el("div", { class: "intro" },
      el("h1", {}, "Whose will the escrow be?"),
      el("p", {}, "Prove the address that will own your new agent's escrow. Money leaves the escrow to this address only, and that can never be changed: use a wallet whose keys you hold."));
  }
  const { name, escrow, owner } = link.agent;
  return el("div", { class: "intro" },
    el("h1", {}, `Mandate of ${name}`),
    el("p", {}, "What the agent may do with the money in its escrow. The contract on the chain holds it to this, whatever happens to the bot."),
    el("dl", { class: "facts" },
      el("dt", {}, "Escrow"), el("dd", {}, el("code", { title: escrow }, escrow)),
      el("dt", {}, "Owner"), el("dd", {}, el("code", { title: owner }, owner))));
}

function showError(error) {
  page = null;
  show(link ? heading() : "", alertBox(error.message, "error"),
    link && error.status === 401 ? el("p", {}, action("Sign in again", showConnect)) : backToChat());
}

function backToChat() {
  return inTelegram
    ? action("Back to the chat", async () => post("web_app_close"), { "data-testid": "close" })
    : el("p", { class: "soft" }, "You can close this page and go back to the chat.");
}

function showConnect() {
  page = null;
  show(heading(), wallets.length ? walletCard() : noWalletCard());
}

function walletCard() {
  const buttons = wallets.map((found) =>
    action([found.icon && el("img", { src: safeIcon(found.icon), alt: "", class: "icon" }), `Connect ${found.name}`], () => connect(found), { "data-testid": "connect" }));
  return card("Your wallet", el("p", {}, "Connecting shows this page your address. It asks for nothing else."), el("div", { class: "stack" }, buttons), problemLine());
}

function noWalletCard() {
  const page = location.href.split("#")[0] + "#" + token;
  return card("No wallet found here",
    el("p", { "data-testid": "no-wallet" }, "This browser has no wallet. Open this page where your wallet is: in a browser with its extension, or in the browser inside your wallet's app."),
    el("div", { class: "stack" },
      action("Copy the link", () => copy(page), { "data-testid": "copy-link" }),
      inTelegram ? action("Open in my browser", async () => post("web_app_open_link", { url: page }), { class: "secondary" }) : null),
    el("p", { class: "small" }, "The link is yours alone: send it to nobody. It works for half an hour."));
}

// Only pictures that come with the announcement, never one from elsewhere.
const safeIcon = (icon) => (icon.startsWith("data:image/") ? icon : undefined);

const problemLine = () => el("div", { id: "problem", "aria-live": "polite" });

async function trying(work) {
  const line = $("problem");
  line?.replaceChildren();
  try {
    await work();
  } catch (error) {
    if (EXPIRED.includes(error.status)) showError(error);
    else $("problem")?.replaceChildren(alertBox(error.message, "error"));
  }
}

function connect(found) {
  return trying(async () => {
    wallet = new Wallet(found.provider);
    account = await wallet.connect();
    watch(found.provider);
    showAccount();
  });
}

let watched = null;
function watch(provider) {
  if (watched === provider) return;
  watched = provider;
  provider.on?.("accountsChanged", ([chosen]) => {
    if (wallet?.provider !== provider || chosen?.toLowerCase() === account.toLowerCase()) return;
    account = chosen ?? "";
    bot.session = "";
    if (account) showAccount();
    else showConnect();
  });
  provider.on?.("chainChanged", () => page?.check());
}

function showAccount() {
  page = null;
  const owner = link.agent?.owner;
  const wrong = owner && owner.toLowerCase() !== account.toLowerCase();
  if (owner && !wrong) account = owner;
  const other = action("Use another account", () => trying(async () => { account = await wallet.choose(); showAccount(); }), { class: "secondary" });
  const back = wallets.length > 1 ? action("Use another wallet", async () => { wallet = null; showConnect(); }, { class: "secondary" }) : null;
  const body = wrong
    ? [alertBox(`The owner of ${link.agent.name} is ${short(owner)}, and your wallet shows ${short(account)}. Choose the owner's account in your wallet.`, "wrong-wallet"), el("div", { class: "stack" }, other, back)]
    : [el("p", {}, "Sign a message to prove that it is yours. It moves no money and costs nothing."),
       el("div", { class: "stack" }, action("Sign in", signIn, { "data-testid": "sign-in" }), other, back)];
  show(heading(), card("Your wallet", el("p", { class: "account", "data-testid": "account" }, el("code", {}, account)), ...body, problemLine()));
}

function signIn() {
  return trying(async () => {
    const { message } = await bot.ask("challenge", { address: account });
    checkMessage(message);
    const signature = await wallet.signText(message, account);
    const { session, address } = await bot.ask("sign-in", { signature });
    bot.session = session;
    account = address;
    if (link.purpose === "prove_owner") showProven();
    else await showMandate();
  });
}

// A message for another site would sign its user in there.
function checkMessage(message) {
  const [first, address] = message.split("\n");
  const mine = first === `${location.host} wants you to sign in with your Ethereum account:`;
  if (!mine || address.toLowerCase() !== account.toLowerCase() || !message.includes(`\nURI: ${location.origin}/`)) {
    throw new Problem(`Do not sign: the bot's message is not for this site (${location.host}). Its PUBLIC_URL may be set wrongly.`);
  }
}

function showProven() {
  show(heading(), card("", el("p", { class: "good big", "data-testid": "proven" }, "The address is yours."),
    account ? el("p", { class: "account" }, el("code", {}, account)) : null,
    el("p", {}, "The chat goes on with the next question."), backToChat()));
}

async function showMandate() {
  page = new MandatePage({ link, bot, wallet, account, fail: showError });
  show(heading(), el("p", { class: "signed-in", "data-testid": "signed-in" }, "Signed in as the owner, ", el("code", { title: account }, short(account))), page.node);
  await page.load();
}

async function start() {
  wear(theme);
  if (inTelegram) {
    post("web_app_ready");
    post("web_app_expand");
  }
  if (!token) throw new Problem("This page opens with a link from the bot. Ask it for one with /mandate.");
  link = await bot.ask("look", { init_data: initData });
  $("network").textContent = link.site.network;
  $("network").hidden = false;
  if (link.done) return showProven();
  discover((found) => {
    wallets = found;
    if (!wallet) showConnect();
  });
}

window.addEventListener("hashchange", () => location.reload());
start().catch(showError);
