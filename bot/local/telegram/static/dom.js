// Building blocks of the page. Text always enters as text nodes, never as HTML.

export const $ = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const PATHS = {
  back: "M15 5l-7 7 7 7",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  down: "M6 9l6 6 6-6",
  send: "M5 12l14-7-5 14-3-6z",
  done: "M5 12.5l5 5 9-11",
  attach: "M20 11.5l-8.2 8.2a5 5 0 01-7.1-7.1l8.5-8.5a3.4 3.4 0 014.8 4.8l-8.5 8.5a1.7 1.7 0 01-2.4-2.4l7.8-7.8",
  sticker: "M12 3a9 9 0 109 9c-5 1-10-4-9-9zM8.5 13.5c1 2.5 4 3.5 6 2M8.5 9.5v.01",
  close: "M6 6l12 12M18 6L6 18",
  reply: "M10 8V4l-7 7 7 7v-4c5 0 8 1.5 11 5-1-6-4-11-11-11z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  forward: "M14 8V4l7 7-7 7v-4c-5 0-8 1.5-11 5 1-6 4-11 11-11z",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  link: "M8 16L17 7M10 7h7v7",
  file: "M12 5v11M7 12l5 5 5-5",
  block: "M12 3a9 9 0 100 18 9 9 0 000-18zM6 6l12 12",
  trend: "M4 16l5-5 4 4 7-8",
  megaphone: "M4 10v4h3l8 4V6l-8 4zM18 10v4",
  plus: "M12 5v14M5 12h14",
  people: "M9 11a3.500 3.500 0 100-7 3.500 3.500 0 000 7zM3 20c0-4 2.500-6 6-6s6 2 6 6M16 4.500a3.500 3.500 0 010 6.500M17.500 14.500c2.500.800 3.500 2.700 3.500 5.500",
  star: "M12 4l2.400 5 5.600.700-4.100 3.800 1.100 5.500-5-2.800-5 2.800 1.100-5.500L4 9.700 9.600 9z",
  up: "M12 19V6M6 11l6-6 6 6",
  ticks: "M1 6.5l3.5 3.5L11 3M7.5 10L14.500 3",
};

export function icon(name, box = "0 0 24 24") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function avatar(id, name) {
  const node = el("div", { class: "avatar", "data-tone": tone(id), "aria-hidden": "true" });
  node.append(id === "bot" ? icon("trend") : [...name][0] ?? "?");
  return node;
}

export const tone = (id) => (id === "bot" ? 4 : id < 0 ? 3 : [5, 1, 2, 3][id % 4]);

const time = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat([], { month: "long", day: "numeric" });
export const clockTime = (unix) => time.format(unix * 1000);
export const dayName = (unix) => {
  const name = day.format(unix * 1000);
  return name === day.format(Date.now()) ? "Today" : name;
};

let toastTimer;
export function toast(text, seconds = 3) {
  const node = $("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (node.hidden = true), seconds * 1000);
}

export function alertBox(title, text) {
  $("alert-title").textContent = title;
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}

// Asks for one line; null when it was cancelled.
export function askLine(title, label) {
  const dialog = $("question");
  $("question-title").textContent = title;
  $("question-line").placeholder = label;
  $("question-line").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  $("question-line").focus();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => resolve(dialog.returnValue === "ok" ? $("question-line").value.trim() || null : null),
      { once: true },
    );
  });
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("Copied to clipboard");
}

export function popup(items, x, y) {
  const node = $("popup");
  node.replaceChildren(
    ...items.map((item) =>
      el(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: item.danger && "danger",
          "data-testid": `do-${item.id}`,
          onclick: () => { closePopup(); item.run(); },
        },
        icon(item.icon),
        item.title,
      ),
    ),
  );
  node.hidden = false;
  node.style.left = `${Math.max(8, Math.min(x, innerWidth - node.offsetWidth - 8))}px`;
  node.style.top = `${Math.max(8, Math.min(y, innerHeight - node.offsetHeight - 8))}px`;
}

export const closePopup = () => ($("popup").hidden = true);
