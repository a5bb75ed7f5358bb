// Formatted text as DOM nodes. Offsets are UTF-16 units, as in JavaScript's strings.

import { copy, el } from "./dom.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre" };
const SAFE = /^(https?:|mailto:|tg:)/i;

// `open(url)` and `command(text)` are what links and commands do; either may be missing.
export function formatted(text, entities = [], { open, command } = {}) {
  const root = document.createDocumentFragment();
  const stack = [{ node: root, end: text.length }];
  let position = 0;
  const top = () => stack[stack.length - 1];
  const writeTo = (end) => {
    while (true) {
      const stop = Math.min(end, top().end);
      if (stop > position) write(top().node, text.slice(position, stop));
      position = Math.max(position, stop);
      if (stack.length === 1 || top().end > end) return;
      stack.pop();
    }
  };
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  for (const entity of sorted) {
    writeTo(entity.offset);
    const end = Math.min(entity.offset + entity.length, top().end);
    if (end <= position) continue;
    const node = element(entity, text.slice(entity.offset, end), { open, command });
    top().node.append(node);
    stack.push({ node, end });
  }
  writeTo(text.length);
  return root;
}

// A block already ends its line: the line feed behind it would make an empty one.
function write(node, text) {
  const afterBlock = ["PRE", "BLOCKQUOTE"].includes(node.lastChild?.nodeName);
  node.append(afterBlock ? text.replace(/^\n/, "") : text);
}

function element(entity, text, { open, command }) {
  switch (entity.type) {
    case "text_link":
      return link(entity.url, open);
    case "url":
      return link(SAFE.test(text) ? text : `http://${text}`, open);
    case "email":
      return link(`mailto:${text}`);
    case "bot_command":
      return el("span", { class: "command", role: "link", tabindex: 0, onclick: () => command?.(text) });
    case "spoiler": {
      const node = el("span", { class: "spoiler", role: "button", tabindex: 0 });
      node.addEventListener("click", () => node.classList.add("shown"));
      return node;
    }
    case "code":
      return el("code", { title: "Click to copy", onclick: () => copy(text) });
    case "pre":
      return el("pre", { "data-language": entity.language, onclick: () => copy(text) });
    case "blockquote":
      return el("blockquote");
    case "expandable_blockquote": {
      const node = el("blockquote", { class: "expandable" });
      node.addEventListener("click", () => node.classList.toggle("open"));
      return node;
    }
    case "mention":
    case "text_mention":
    case "hashtag":
    case "cashtag":
      return el("span", { class: "command" });
    default:
      return el(TAGS[entity.type] ?? "span");
  }
}

function link(url, open) {
  if (!SAFE.test(url)) return el("span");
  const node = el("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url });
  node.addEventListener("click", (event) => {
    if (open?.(url)) event.preventDefault();
  });
  return node;
}
