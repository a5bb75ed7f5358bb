// The page: state, events, and what persons do.

import { act, get, watch } from "./api.js";
import * as composer from "./composer.js";
import { $, alertBox, avatar, closePopup, copy, icon, popup, toast } from "./dom.js";
import { addBot, foundGroup, groupItems } from "./groups.js";
import * as feed from "./feed.js";
import { senderId, serviceText, summary } from "./messages.js";
import { drawChats, drawPersons, placeKey, placesOf } from "./sidebar.js";

const TYPING_MS = 5000;
const PRESS_MS = 15000;
const state = {
  bot: {},
  persons: new Map(),
  chats: new Map(),
  messages: new Map(), // by chat id: Map of message id to message
  last: new Map(), // by place: its latest message
  unread: new Map(), // by place
  typing: new Map(), // by place: timer
  waiting: new Map(), // by callback query id: the pressed button
  answered: new Set(), // callback query ids
  personId: 1001,
  chatId: 1001,
  threadId: null,
  get open() {
    return placeKey(this.chatId, this.threadId);
  },
};

const person = () => state.persons.get(state.personId);
const chat = () => state.chats.get(state.chatId);
const isPrivate = () => state.chatId === state.personId;
const placeOf = (message) => placeKey(message.chat.id, message.message_thread_id);
const shown = () => [...(state.messages.get(state.chatId)?.values() ?? [])].filter((m) => placeOf(m) === state.open);
const where = () => ({
  person_id: state.personId,
  chat_id: state.chatId,
  thread_id: state.threadId,
  channel: chat().type === "channel",
});
const report = (problem) => toast(problem.message);

const hands = { open: openLink, command: (text) => composer.send(text), press, jump: feed.jumpTo, menu: messageMenu, view };
const optionsOf = (message) => ({
  own: message.from?.id === state.personId || message.chat.type === "channel",
  inGroup: !isPrivate(),
  hands,
});

async function load() {
  const fresh = await get("state");
  state.bot = fresh.bot;
  state.persons = new Map(fresh.persons.map((item) => [item.id, item]));
  state.chats = new Map(fresh.chats.map((item) => [item.id, item]));
  await Promise.all(fresh.chats.map((item) => item.last_message && loadMessages(item.id)));
  if (!person()) choosePerson([...state.persons.keys()][0]);
  const topics = chat()?.topics ?? [];
  const gone = state.threadId && !topics.some((topic) => topic.thread_id === state.threadId);
  const mine = placesOf(state, state.personId).some((place) => place.chat.id === state.chatId);
  if (!mine || gone) return choosePlace(mine ? state.chatId : state.personId);
  draw();
}

async function loadMessages(chatId) {
  const messages = await get("messages", { chat_id: chatId });
  state.messages.set(chatId, new Map(messages.map((message) => [message.message_id, message])));
  for (const message of messages) state.last.set(placeOf(message), message);
}

async function loadCommands() {
  const open = state.open;
  const { commands } = await get("commands", { person_id: state.personId, chat_id: state.chatId });
  if (open === state.open) composer.setCommands(chat()?.type === "channel" ? [] : commands);
}

function draw() {
  drawSides();
  drawBar();
  drawFeed();
  drawFooter();
  loadCommands();
}

function drawSides() {
  drawPersons(state, choosePerson);
  drawChats(state, choosePlace, () => foundGroup(state.personId).then((made) => made && load().then(() => choosePlace(made.id))));
  const total = placesOf(state, state.personId).reduce((sum, p) => sum + (state.unread.get(placeKey(p.chat.id, p.threadId)) ?? 0), 0);
  document.title = `${total ? `(${total}) ` : ""}${state.bot.first_name} · local chat`;
}

function drawBar() {
  const title = isPrivate() ? state.bot.first_name : chat().title;
  const topic = chat().topics?.find((item) => item.thread_id === state.threadId)?.title ?? "General";
  $("bar-title").textContent = chat().topics?.length ? `${topic} · ${title}` : title;
  const face = avatar(isPrivate() ? "bot" : state.chatId, title);
  face.id = "bar-avatar";
  $("bar-avatar").replaceWith(face);
  const busy = state.typing.has(state.open);
  $("bar-subtitle").className = busy ? "busy" : "";
  $("bar-subtitle").textContent = busy ? state.typing.get(state.open).text : subtitle();
  drawPinned();
}

function subtitle() {
  if (isPrivate()) return `bot · talking as ${person().first_name}`;
  if (chat().type === "channel") return "channel";
  const present = chat().members.filter((m) => !["left", "kicked"].includes(m.status));
  const nameOf = (id) => (id === state.bot.id ? state.bot.first_name : state.persons.get(id)?.first_name);
  const mark = (m) => (["creator", "administrator"].includes(m.status) ? "★" : "");
  const names = present.filter((m) => nameOf(m.id)).map((m) => `${nameOf(m.id)}${mark(m)}`);
  return `${names.join(", ")} · talking as ${person().first_name}`;
}

function drawPinned() {
  const message = state.messages.get(state.chatId)?.get(chat().pinned?.[0]);
  $("pinned").hidden = !message || placeOf(message) !== state.open;
  if ($("pinned").hidden) return;
  const text = document.createElement("span");
  const label = document.createElement("b");
  label.textContent = "Pinned message";
  text.append(label, summary(message));
  $("pinned").replaceChildren(text);
  $("pinned").onclick = () => feed.jumpTo(message.message_id);
}

function drawFeed() {
  const messages = shown();
  feed.fill(messages, { inGroup: !isPrivate(), of: optionsOf });
  if (!messages.length && isPrivate()) feed.hello(state.bot);
}

function drawFooter() {
  const blocked = isPrivate() && person().blocked;
  const toStart = isPrivate() && !blocked && !person().started;
  $("wide").hidden = !blocked && !toStart;
  $("line").hidden = blocked || toStart;
  $("wide").textContent = blocked ? "Unblock" : "START";
  $("wide").classList.toggle("quiet", blocked);
  $("wide").dataset.testid = blocked ? "unblock" : "start";
  $("input").placeholder = chat().type === "channel" ? "Broadcast a post" : "Message";
  $("attach").hidden = $("sticker").hidden = chat().type === "channel";
}

function choosePerson(personId) {
  state.personId = personId;
  choosePlace(personId, null, $("app").dataset.view);
}

function choosePlace(chatId, threadId = null, view = "chat") {
  state.chatId = chatId;
  state.threadId = threadId ?? null;
  state.unread.delete(state.open);
  state.waiting.clear();
  $("app").dataset.view = view;
  history.replaceState(null, "", `#${state.personId}/${state.open}`);
  composer.clear();
  draw();
  if (matchMedia("(hover: hover)").matches && !$("line").hidden) $("input").focus();
}

function fromHash() {
  const [personId, chatId, threadId] = location.hash.slice(1).split("/").map(Number);
  if (personId && chatId) Object.assign(state, { personId, chatId, threadId: threadId || null });
}

// Links to the bot itself open its chat, with the start parameter if there is one.
function openLink(url) {
  let target;
  try {
    target = new URL(url);
  } catch {
    return false;
  }
  const named = target.host === "t.me" ? target.pathname.slice(1) : target.searchParams.get("domain");
  if (named?.toLowerCase() !== state.bot.username?.toLowerCase()) return false;
  if (target.searchParams.has("startgroup")) {
    addBot(state, target.searchParams.get("startgroup"), choosePlace);
    return true;
  }
  choosePlace(state.personId);
  const start = target.searchParams.get("start");
  if (start) composer.send(`/start ${start}`);
  return true;
}

async function press(message, data, node) {
  if (node.classList.contains("waiting")) return;
  node.classList.add("waiting");
  try {
    const id = await act("press", { person_id: state.personId, message_id: message.message_id, button: data });
    if (state.answered.has(id)) return node.classList.remove("waiting");
    state.waiting.set(id, node);
    setTimeout(() => answered(id), PRESS_MS);
  } catch (problem) {
    node.classList.remove("waiting");
    report(problem);
  }
}

// The answer may be here before the id of the press is.
function answered(id) {
  state.answered.add(id);
  state.waiting.get(id)?.classList.remove("waiting");
  state.waiting.delete(id);
}

function view(source) {
  $("viewer-image").src = source;
  $("viewer").showModal();
}

function messageMenu(message, x, y) {
  const own = message.from?.id === state.personId;
  const ids = { person_id: state.personId, message_id: message.message_id };
  const text = message.text ?? message.caption;
  popup(
    [
      { id: "reply", icon: "reply", title: "Reply", run: () => composer.setContext("reply", message) },
      text && { id: "copy", icon: "copy", title: "Copy text", run: () => copy(text) },
      own && message.text && { id: "edit", icon: "edit", title: "Edit", run: () => composer.setContext("edit", message) },
      { id: "forward", icon: "forward", title: "Forward…", run: () => forwardMenu(ids, x, y) },
      (own || isPrivate()) && { id: "delete", icon: "trash", title: "Delete", danger: true, run: () => act("delete", ids).catch(report) },
    ].filter(Boolean),
    x,
    y,
  );
}

function forwardMenu(ids, x, y) {
  const places = placesOf(state, state.personId).filter((place) => place.kind !== "channel");
  const run = (place) => () =>
    act("forward", { ...ids, chat_id: place.chat.id, thread_id: place.threadId }).then(() => toast(`Forwarded to ${place.title}`), report);
  popup(places.map((place) => ({ id: `to-${place.title}`, icon: "forward", title: place.title, run: run(place) })), x, y);
}

function chatMenu(event) {
  event.stopPropagation();
  const box = event.currentTarget.getBoundingClientRect();
  const blocked = person().blocked;
  const items = [];
  if (isPrivate()) {
    items.push({ id: "block", icon: "block", title: blocked ? "Unblock bot" : "Block bot", danger: !blocked, run: () => setBlocked(!blocked) });
  }
  if (!isPrivate()) items.push(...groupItems(state));
  items.push({ id: "end", icon: "down", title: "To the latest message", run: () => feed.toEnd(true) });
  popup(items, box.right - 230, box.bottom + 4);
}

const setBlocked = (blocked) => act("block", { person_id: state.personId, blocked }).catch(report);

function onWide() {
  if (person().blocked) setBlocked(false);
  else composer.send("/start");
}

const handlers = {
  message({ chat_id, message }) {
    const chatMessages = state.messages.get(chat_id) ?? new Map();
    const known = chatMessages.has(message.message_id);
    state.messages.set(chat_id, chatMessages.set(message.message_id, message));
    const place = placeOf(message);
    state.last.set(place, message);
    if (senderId(message) === "bot") stopTyping(place);
    if (place === state.open && !known) feed.add(message, optionsOf(message));
    else if (place !== state.open && message.from?.id !== chat_id && !serviceText(message)) state.unread.set(place, (state.unread.get(place) ?? 0) + 1);
    drawSides();
  },
  edited({ chat_id, message }) {
    state.messages.get(chat_id)?.set(message.message_id, message);
    const place = placeOf(message);
    if (state.last.get(place)?.message_id === message.message_id) state.last.set(place, message);
    if (place === state.open) feed.replace(message, optionsOf(message));
    drawSides();
  },
  deleted({ chat_id, message_id }) {
    state.messages.get(chat_id)?.delete(message_id);
    for (const [place, last] of state.last) {
      if (last.message_id !== message_id) continue;
      const rest = [...state.messages.get(chat_id).values()].filter((message) => placeOf(message) === place);
      if (rest.length) state.last.set(place, rest.at(-1));
      else state.last.delete(place);
    }
    if (chat_id === state.chatId) feed.remove(message_id);
    drawSides();
  },
  typing({ chat_id, message_thread_id, action }) {
    const place = placeKey(chat_id, message_thread_id);
    const verb = action === "typing" ? "typing" : "sending a file";
    clearTimeout(state.typing.get(place)?.timer);
    const text = chat_id > 0 ? verb : `${state.bot.first_name} is ${verb}`;
    state.typing.set(place, { text, timer: setTimeout(() => stopTyping(place), TYPING_MS) });
    if (place === state.open) drawBar();
  },
  draft(event) {
    if (event.chat_id === state.chatId) feed.showDraft(event);
  },
  callback_answer({ callback_query_id, person_id, text, show_alert, url }) {
    answered(callback_query_id);
    if (person_id !== state.personId) return;
    if (url) openLink(url);
    if (!text) return;
    if (show_alert) alertBox(state.bot.first_name, text);
    else toast(text);
  },
  person({ person_id, blocked, started }) {
    const who = state.persons.get(person_id);
    if (blocked !== undefined) who.blocked = blocked;
    if (started !== undefined) who.started = started;
    drawFooter();
  },
  pinned({ chat_id, message_id }) {
    state.chats.get(chat_id).pinned = message_id ? [message_id] : [];
    drawPinned();
  },
  commands: loadCommands,
  profile: load,
  members({ chat_id, moved_to }) {
    if (moved_to && state.chatId === chat_id) Object.assign(state, { chatId: moved_to, threadId: null });
    return load();
  },
};

function stopTyping(place) {
  clearTimeout(state.typing.get(place)?.timer);
  if (state.typing.delete(place) && place === state.open) drawBar();
}

$("back").append(icon("back"));
$("bar-menu").append(icon("more"));
$("jump").append(icon("down"));
$("back").addEventListener("click", () => ($("app").dataset.view = "list"));
$("bar-menu").addEventListener("click", chatMenu);
$("wide").addEventListener("click", onWide);
$("viewer").addEventListener("click", () => $("viewer").close());
document.addEventListener("click", (event) => {
  if (!event.target.closest(".menu")) closePopup();
  if (!event.target.closest(".composer")) composer.closePanels();
}, true);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  closePopup();
  composer.closePanels();
});

composer.begin(where, () => shown().filter((message) => message.from?.id === state.personId && message.text).at(-1));
fromHash();
let loaded = new Promise(() => {});
watch(
  (event) => loaded.then(() => handlers[event.type]?.(event)),
  () => {
    loaded = load();
    loaded.then(() => (document.documentElement.dataset.ready = "yes"));
  },
);
