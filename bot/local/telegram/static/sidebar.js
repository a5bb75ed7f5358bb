// Who one is, and which chats there are.

import { $, avatar, clockTime, el, icon } from "./dom.js";
import { senderName, serviceText, summary } from "./messages.js";

export const placeKey = (chatId, threadId) => `${chatId}/${threadId ?? 0}`;

// The places a person can open: the bot, the topics of groups, their channels.
export function placesOf(state, personId) {
  const places = [{ chat: state.chats.get(personId), title: state.bot.first_name, kind: "bot" }];
  for (const chat of state.chats.values()) {
    const status = chat.members.find((member) => member.id === personId)?.status;
    if (!status || status === "left" || status === "kicked") continue;
    if (chat.type === "channel") places.push({ chat, title: chat.title, kind: "channel" });
    else {
      places.push({ chat, title: chat.topics.length ? "General" : "Everything", kind: "topic", threadId: null });
      for (const topic of chat.topics) {
        places.push({ chat, title: topic.title, kind: "topic", threadId: topic.thread_id });
      }
    }
  }
  return places;
}

export function drawPersons(state, choose) {
  $("switcher").replaceChildren(
    ...[...state.persons.values()].map((person) =>
      el(
        "button",
        {
          class: "person",
          type: "button",
          role: "tab",
          "aria-selected": person.id === state.personId,
          "data-testid": `person-${person.id}`,
          onclick: () => choose(person.id),
        },
        avatar(person.id, person.first_name),
        el(
          "span",
          { class: "who" },
          el("b", {}, person.first_name),
          el("small", {}, person.username ? `@${person.username}` : "no @username"),
        ),
        state.unread.get(placeKey(person.id)) ? el("span", { class: "dot", title: "New messages" }) : null,
      ),
    ),
  );
}

export function drawChats(state, choose, found) {
  const nodes = [];
  let section = null;
  for (const place of placesOf(state, state.personId)) {
    if (place.kind === "topic" && section !== place.chat.id) {
      section = place.chat.id;
      nodes.push(heading(place.chat));
    }
    nodes.push(entry(state, place, choose));
  }
  const founding = el(
    "button",
    { class: "founding", type: "button", "data-testid": "new-group", onclick: found },
    icon("plus"),
    "New group",
  );
  $("chats").replaceChildren(...nodes, founding);
}

function heading(chat) {
  const count = chat.members.filter((member) => !["left", "kicked"].includes(member.status)).length;
  return el(
    "div",
    { class: "section" },
    avatar(chat.id, chat.title),
    el("div", {}, chat.title, el("small", {}, `${count} members`)),
  );
}

function entry(state, place, choose) {
  const key = placeKey(place.chat.id, place.threadId);
  const last = state.last.get(key);
  const unread = state.unread.get(key);
  const who = last && place.kind !== "bot" && !serviceText(last) ? `${senderName(last)}: ` : "";
  return el(
    "button",
    {
      class: `entry ${place.kind}`,
      type: "button",
      "aria-current": key === state.open,
      "data-testid": place.kind === "topic" ? `chat-topic-${place.threadId ?? 0}` : `chat-${place.kind}`,
      "data-chat": place.chat.id,
      onclick: () => choose(place.chat.id, place.threadId),
    },
    picture(place),
    el(
      "span",
      { class: "lines" },
      el(
        "span",
        { class: "top" },
        el("span", { class: "name" }, place.kind === "topic" ? `# ${place.title}` : place.title),
        last ? el("time", {}, clockTime(last.date)) : null,
      ),
      el(
        "span",
        { class: "preview" },
        el("span", {}, last ? who + summary(last) : "No messages yet"),
        unread && key !== state.open ? el("span", { class: "count" }, String(unread)) : null,
      ),
    ),
  );
}

function picture(place) {
  if (place.kind === "bot") return avatar("bot", place.title);
  const node = avatar(place.chat.id - (place.threadId ?? 0), place.title);
  if (place.kind === "channel") node.replaceChildren(icon("megaphone"));
  node.dataset.tone = place.kind === "channel" ? 0 : place.threadId ? 5 : 2;
  return node;
}
