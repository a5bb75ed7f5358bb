// One message as a bubble.

import { fileUrl } from "./api.js";
import { avatar, clockTime, copy, el, icon, tone } from "./dom.js";
import { formatted } from "./entities.js";

export const senderName = (message) =>
  message.sender_chat?.title ?? message.from?.first_name ?? "";

export const senderId = (message) => (message.from?.is_bot ? "bot" : (message.from?.id ?? -1));

export function summary(message) {
  if (message.text !== undefined) return message.text;
  if (message.sticker) return `${message.sticker.emoji} Sticker`;
  if (message.photo) return message.caption ? `🖼 ${message.caption}` : "🖼 Photo";
  if (message.document) return `📎 ${message.document.file_name}`;
  return serviceText(message) ?? "Message";
}

// What a group says of itself; null for what people and the bot say.
export function serviceText(message) {
  const who = senderName(message);
  if (message.new_chat_members) return `${who} added ${message.new_chat_members[0].first_name}`;
  if (message.left_chat_member) return `${who} removed ${message.left_chat_member.first_name}`;
  if (message.forum_topic_created) return `${who} created the topic “${message.forum_topic_created.name}”`;
  if (message.group_chat_created) return `${who} created the group`;
  if (message.migrate_from_chat_id) return "This group is a supergroup now";
  if (message.migrate_to_chat_id) return "This group has become a supergroup";
  return null;
}

function notice(message, text) {
  return el(
    "article",
    { class: "msg service", "data-testid": "service", "data-message-id": message.message_id, "data-from": "service", "data-date": message.date },
    text,
  );
}

// `hands`: open, command, press, jump, menu, view.
export function bubble(message, { own, inGroup, hands }) {
  const service = serviceText(message);
  if (service) return notice(message, service);
  const parts = [];
  if (inGroup && !own) {
    const id = senderId(message);
    parts.push(el("div", { class: "sender", "data-tone": tone(id) }, senderName(message)));
  }
  if (message.forward_origin) {
    const name = message.forward_origin.sender_user?.first_name ?? "somebody";
    parts.push(el("div", { class: "forwarded" }, "Forwarded from ", el("b", {}, name)));
  }
  if (message.reply_to_message) parts.push(quote(message.reply_to_message, hands));
  parts.push(...body(message, own, hands));
  const keyboard = message.reply_markup?.inline_keyboard;
  const node = el(
    "article",
    {
      class: ["msg", own ? "out" : "in", keyboard && "has-keyboard"].filter(Boolean).join(" "),
      "data-testid": "message",
      "data-message-id": message.message_id,
      "data-from": senderId(message),
      "data-date": message.date,
    },
    inGroup && !own ? avatar(senderId(message), senderName(message)) : null,
    el("div", { class: `bubble ${shape(message)}` }, ...parts, moreButton(message, hands)),
    keyboard ? keys(message, keyboard, hands) : null,
  );
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, .keyboard") || String(getSelection())) return;
    event.preventDefault();
    hands.menu(message, event.clientX, event.clientY);
  });
  return node;
}

function shape(message) {
  if (message.sticker) return "clear";
  if (!message.photo) return "";
  return message.caption ? "media" : "media bare";
}

function moreButton(message, hands) {
  const open = (event) => {
    event.stopPropagation();
    hands.menu(message, event.clientX, event.clientY);
  };
  return el(
    "button",
    { class: "more", type: "button", "aria-label": "Message menu", "data-testid": "message-menu", onclick: open },
    icon("more"),
  );
}

function quote(original, hands) {
  return el(
    "button",
    { class: "quote", type: "button", onclick: () => hands.jump(original.message_id) },
    el("b", {}, senderName(original)),
    el("span", {}, summary(original)),
  );
}

function body(message, own, hands) {
  const meta = metaLine(message, own);
  if (message.text !== undefined) {
    return [el("div", { class: "text", dir: "auto" }, formatted(message.text, message.entities, hands), meta)];
  }
  const parts = [];
  if (message.photo) parts.push(photo(message, hands));
  if (message.document) parts.push(documentLink(message.document));
  if (message.sticker) parts.push(el("div", { class: "big" }, message.sticker.emoji));
  if (message.caption === undefined) return [...parts, meta];
  const caption = formatted(message.caption, message.caption_entities, hands);
  return [...parts, el("div", { class: "text", dir: "auto" }, caption, meta)];
}

function metaLine(message, own) {
  const edited = message.edit_date ? "edited " : "";
  const node = el("span", { class: "meta" }, `${edited}${clockTime(message.date)}`);
  if (own) node.append(icon("ticks", "0 0 16 12"));
  return node;
}

function photo(message, hands) {
  const size = message.photo[message.photo.length - 1];
  const image = el("img", {
    class: "photo",
    src: fileUrl(size.file_id),
    width: size.width,
    height: size.height,
    alt: message.caption ?? "Photo",
    "data-testid": "photo",
    onclick: () => hands.view(image.src),
  });
  return image;
}

function documentLink(file) {
  return el(
    "a",
    { class: "document", href: fileUrl(file.file_id), download: file.file_name, "data-testid": "document" },
    el("span", { class: "disc" }, icon("file")),
    el("span", {}, el("b", {}, file.file_name), el("small", {}, fileSize(file.file_size))),
  );
}

function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function keys(message, rows, hands) {
  const row = (buttons) => el("div", { class: "row" }, ...buttons.map((button) => key(message, button, hands)));
  return el("div", { class: "keyboard", "data-testid": "keyboard" }, ...rows.map(row));
}

function key(message, button, hands) {
  const node = el(
    "button",
    { class: "key", type: "button", "data-style": button.style, "data-testid": "key" },
    button.text,
  );
  if (button.url) {
    node.append(icon("link"));
    node.addEventListener("click", () => hands.open(button.url) || window.open(button.url, "_blank", "noopener"));
  } else if (button.copy_text) {
    node.append(icon("copy"));
    node.addEventListener("click", () => copy(button.copy_text.text));
  } else if (button.callback_data !== undefined) {
    node.addEventListener("click", () => hands.press(message, button.callback_data, node));
  }
  return node;
}
