// What persons do with groups: found them, let the bot in and out, keep topics, upgrade them.

import { act } from "./api.js";
import { askLine, popup, toast } from "./dom.js";

const report = (problem) => toast(problem.message);
const statusOf = (chat, id) => chat.members.find((member) => member.id === id)?.status ?? "left";
const isGone = (status) => ["left", "kicked"].includes(status);
const isAdmin = (chat, id) => ["creator", "administrator"].includes(statusOf(chat, id));

export async function foundGroup(personId) {
  const title = await askLine("New group", "Group name");
  return title ? act("group", { person_id: personId, title }).catch(report) : null;
}

// The entries of a group's menu: what Telegram's clients offer to whom.
export function groupItems(state) {
  const chat = state.chats.get(state.chatId);
  const bot = statusOf(chat, state.bot.id);
  const ids = { person_id: state.personId, chat_id: state.chatId };
  const set = (status) => () => act("bot", { ...ids, status }).catch(report);
  if (!["group", "supergroup"].includes(chat.type)) return [];
  const items = [];
  if (isGone(bot)) items.push({ id: "add-bot", icon: "plus", title: `Add ${state.bot.first_name}`, run: set("member") });
  if (!isAdmin(chat, state.personId)) return items;
  if (!isGone(bot)) items.push(...botItems(bot, set));
  if (chat.type === "group") {
    items.push({ id: "upgrade", icon: "up", title: "Upgrade to supergroup", run: () => act("upgrade", ids).catch(report) });
  } else {
    items.push({ id: "new-topic", icon: "plus", title: "New topic…", run: () => openTopic(ids) });
  }
  if (state.threadId) {
    const topic = { ...ids, thread_id: state.threadId };
    items.push({ id: "delete-topic", icon: "trash", title: "Delete this topic", danger: true, run: () => act("delete_topic", topic).catch(report) });
  }
  const others = chat.members.filter((m) => m.id !== state.bot.id && m.id !== state.personId && m.status !== "creator");
  for (const member of others) items.push(memberItem(state, ids, member));
  return items;
}

function botItems(bot, set) {
  const admin = bot === "administrator";
  return [
    { id: "promote-bot", icon: "star", title: admin ? "Dismiss bot as admin" : "Make bot admin", run: set(admin ? "member" : "administrator") },
    bot === "restricted"
      ? { id: "restrict-bot", icon: "edit", title: "Let bot write", run: set("member") }
      : { id: "restrict-bot", icon: "block", title: "Forbid bot to write", danger: true, run: set("restricted") },
    { id: "kick-bot", icon: "trash", title: "Remove bot", danger: true, run: set("kicked") },
  ];
}

function memberItem(state, ids, member) {
  const name = state.persons.get(member.id)?.first_name ?? member.id;
  const admin = member.status === "administrator";
  const status = admin ? "member" : "administrator";
  return {
    id: `promote-${member.id}`,
    icon: "people",
    title: admin ? `Dismiss ${name} as admin` : `Make ${name} admin`,
    run: () => act("member", { ...ids, member_id: member.id, status }).catch(report),
  };
}

async function openTopic(ids) {
  const title = await askLine("New topic", "Topic name");
  if (title) await act("topic", { ...ids, title }).catch(report);
}

// A `startgroup` link: pick one of the groups the bot is not in yet.
export function addBot(state, payload, choose) {
  const open = [...state.chats.values()].filter(
    (chat) =>
      ["group", "supergroup"].includes(chat.type) &&
      isGone(statusOf(chat, state.bot.id)) &&
      !isGone(statusOf(chat, state.personId)),
  );
  if (!open.length) return toast("The bot is in all your groups already. Start a new group first.");
  const add = (chat) => () =>
    act("add", { person_id: state.personId, chat_id: chat.id, payload }).then(() => choose(chat.id), report);
  popup(
    open.map((chat) => ({ id: `add-${chat.id}`, icon: "plus", title: `Add to ${chat.title}`, run: add(chat) })),
    innerWidth / 2 - 100,
    innerHeight / 3,
  );
}
