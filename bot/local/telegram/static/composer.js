// Where one writes: sending, editing, replying, commands, stickers, files.

import { act, upload } from "./api.js";
import { $, el, icon, toast } from "./dom.js";
import { summary } from "./messages.js";

const STICKERS = ["🚀", "💎", "🐂", "🐻", "🔥", "🤝", "😎", "😱", "🎉", "👍", "👎", "💤"];
let where = () => ({});
let lastOwn = () => null;
let commands = [];
let context = null;
let chosen = -1;

// `place()` names person, chat and topic; `latest()` is the person's last own message.
export function begin(place, latest) {
  where = place;
  lastOwn = latest;
  $("send").append(icon("send"));
  $("attach").append(icon("attach"));
  $("sticker").append(icon("sticker"));
  $("context-close").append(icon("close"));
  $("stickers").replaceChildren(
    ...STICKERS.map((emoji) =>
      el("button", { type: "button", "data-testid": "sticker", onclick: () => sendSticker(emoji) }, emoji),
    ),
  );
  $("line").addEventListener("submit", submit);
  $("input").addEventListener("keydown", keyDown);
  $("input").addEventListener("input", () => { grow(); suggest(); });
  $("context-close").addEventListener("click", () => setContext(null));
  $("menu").addEventListener("click", () => ($("commands").hidden ? list(commands) : closePanels()));
  $("sticker").addEventListener("click", () => ($("stickers").hidden = !$("stickers").hidden));
  $("attach").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", sendFile);
}

export function setCommands(fresh) {
  commands = fresh;
  $("menu").hidden = commands.length === 0;
}

export function clear() {
  $("input").value = "";
  setContext(null);
  closePanels();
  grow();
}

export function closePanels() {
  $("commands").hidden = $("stickers").hidden = true;
  chosen = -1;
}

export function setContext(kind, message) {
  context = kind ? { kind, message } : null;
  $("context").hidden = !context;
  $("send").replaceChildren(icon(kind === "edit" ? "done" : "send"));
  if (!context) return;
  const name = message.from?.first_name ?? "";
  $("context-title").textContent = kind === "edit" ? "Edit message" : `Reply to ${name}`;
  $("context-body").textContent = summary(message);
  if (kind === "edit") $("input").value = message.text;
  grow();
  $("input").focus();
}

export async function send(text, extra = {}) {
  try {
    const place = where();
    await act(place.channel ? "channel" : "send", { ...place, text, ...extra });
  } catch (problem) {
    toast(problem.message);
  }
}

async function submit(event) {
  event?.preventDefault();
  const text = $("input").value.trim();
  if (!text) return;
  const held = context;
  clear();
  if (held?.kind === "edit") {
    const edit = { person_id: where().person_id, message_id: held.message.message_id, text };
    await act("edit", edit).catch((problem) => toast(problem.message));
  } else {
    await send(text, held ? { reply_to: held.message.message_id } : {});
  }
  $("input").focus();
}

async function sendSticker(emoji) {
  closePanels();
  await act("sticker", { ...where(), emoji }).catch((problem) => toast(problem.message));
}

async function sendFile() {
  const [file] = $("file").files;
  $("file").value = "";
  if (!file) return;
  const query = Object.fromEntries(Object.entries(where()).filter(([, value]) => value));
  await upload(query, file).catch((problem) => toast(problem.message));
}

function keyDown(event) {
  const open = !$("commands").hidden;
  const items = [...$("commands").children];
  if (event.key === "Escape") {
    closePanels();
    setContext(null);
  } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length;
    items.forEach((item, index) => item.setAttribute("aria-selected", index === chosen));
    items[chosen].scrollIntoView({ block: "nearest" });
  } else if (open && event.key === "Tab" && items.length) {
    event.preventDefault();
    $("input").value = `/${items[Math.max(chosen, 0)].dataset.command} `;
    suggest();
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (open && chosen >= 0) items[chosen].click();
    else submit();
  } else if (event.key === "ArrowUp" && !$("input").value && lastOwn()) {
    event.preventDefault();
    setContext("edit", lastOwn());
  }
}

function suggest() {
  const typed = $("input").value;
  const match = /^\/(\w*)$/.exec(typed);
  if (!match) return closePanels();
  list(commands.filter((item) => item.command.startsWith(match[1].toLowerCase())));
}

function list(items) {
  chosen = -1;
  $("stickers").hidden = true;
  $("commands").hidden = items.length === 0;
  $("commands").replaceChildren(
    ...items.map((item) =>
      el(
        "button",
        {
          type: "button",
          role: "option",
          "data-command": item.command,
          "data-testid": "command",
          onclick: () => { clear(); send(`/${item.command}`); },
        },
        el("b", {}, `/${item.command}`),
        el("span", {}, item.description),
      ),
    ),
  );
}

function grow() {
  const input = $("input");
  if (CSS.supports("field-sizing", "content")) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}
