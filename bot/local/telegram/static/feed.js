// The messages of the open chat: order, grouping, days, scrolling, the draft.

import { $, avatar, dayName, el } from "./dom.js";
import { formatted } from "./entities.js";
import { bubble } from "./messages.js";

const GROUP_WITHIN_S = 300;
const DRAFT_LIFE_MS = 30000;
let draft = null;
let draftTimer;
// On the way to the end, where a smooth scroll is not yet: what comes meanwhile is followed too.
let following = false;

const nodeOf = (id) => $("feed").querySelector(`[data-message-id="${CSS.escape(String(id))}"]`);
const nearEnd = () => $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 120;
const atEnd = () => following || nearEnd();

export function toEnd(smooth = false) {
  following = true;
  $("scroll").scrollTo({ top: $("scroll").scrollHeight, behavior: smooth ? "smooth" : "instant" });
}

export function fill(messages, options) {
  dropDraft();
  $("feed").classList.toggle("group", options.inGroup);
  $("feed").replaceChildren(...messages.map((message) => bubble(message, options.of(message))));
  arrange();
  toEnd();
  for (const image of $("feed").querySelectorAll("img")) image.addEventListener("load", () => toEnd(), { once: true });
}

export function add(message, options) {
  const stay = atEnd() || options.own;
  $("feed").querySelector(".hello")?.remove();
  if (!options.own) dropDraft();
  const node = bubble(message, options);
  node.classList.add("fresh");
  $("feed").append(node);
  if (draft) $("feed").append(draft);
  arrange();
  if (!stay) return;
  toEnd(true);
  node.querySelector("img")?.addEventListener("load", () => toEnd(), { once: true });
}

export function replace(message, options) {
  const stay = atEnd();
  const shown = [...(nodeOf(message.message_id)?.querySelectorAll(".spoiler.shown") ?? [])].length > 0;
  const node = bubble(message, options);
  if (shown) for (const spoiler of node.querySelectorAll(".spoiler")) spoiler.classList.add("shown");
  nodeOf(message.message_id)?.replaceWith(node);
  arrange();
  if (stay) toEnd();
}

export function remove(id) {
  nodeOf(id)?.remove();
  arrange();
}

export function jumpTo(id) {
  const node = nodeOf(id);
  if (!node) return;
  following = false;
  node.scrollIntoView({ block: "center", behavior: "smooth" });
  node.classList.remove("flash");
  void node.offsetWidth;
  node.classList.add("flash");
}

// Days between messages, and which bubble opens or closes a run of one sender.
function arrange() {
  for (const day of $("feed").querySelectorAll(".day")) day.remove();
  const nodes = [...$("feed").querySelectorAll(".msg:not(.draft)")];
  nodes.forEach((node, index) => {
    const before = nodes[index - 1];
    const after = nodes[index + 1];
    node.classList.toggle("first", !joins(before, node));
    node.classList.toggle("last", !joins(node, after));
    const name = dayName(Number(node.dataset.date));
    if (!before || dayName(Number(before.dataset.date)) !== name) {
      node.before(el("div", { class: "day" }, name));
    }
  });
}

function joins(before, after) {
  if (!before || !after || before.dataset.from !== after.dataset.from) return false;
  if (before.classList.contains("has-keyboard")) return false;
  return Number(after.dataset.date) - Number(before.dataset.date) < GROUP_WITHIN_S;
}

export function showDraft({ text, entities }) {
  const stay = atEnd();
  if (!draft) {
    draft = el(
      "article",
      { class: "msg in first last draft", "data-testid": "draft" },
      el("div", { class: "bubble" }, el("div", { class: "text", dir: "auto" })),
    );
    $("feed").append(draft);
  }
  draft.querySelector(".text").replaceChildren(formatted(text, entities));
  clearTimeout(draftTimer);
  draftTimer = setTimeout(dropDraft, DRAFT_LIFE_MS);
  if (stay) toEnd();
}

export function dropDraft() {
  clearTimeout(draftTimer);
  draft?.remove();
  draft = null;
}

export function hello(bot) {
  $("feed").replaceChildren(
    el(
      "div",
      { class: "hello", "data-testid": "hello" },
      avatar("bot", bot.first_name),
      el("h2", {}, bot.description ? "What can this bot do?" : bot.first_name),
      el("p", {}, bot.description || "No messages here yet. Press Start to begin."),
    ),
  );
}

$("scroll").addEventListener("scroll", () => ($("jump").hidden = atEnd()), { passive: true });
$("scroll").addEventListener("scrollend", () => ($("jump").hidden = following = nearEnd()), { passive: true });
for (const byHand of ["wheel", "touchmove", "pointerdown", "keydown"]) {
  $("scroll").addEventListener(byHand, () => (following = false), { passive: true });
}
$("jump").addEventListener("click", () => toEnd(true));
