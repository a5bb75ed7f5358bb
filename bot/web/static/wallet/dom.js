// Building blocks. Text always enters as text nodes, never as HTML.

export const $ = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child || child === 0));
  return node;
}

export function card(title, ...children) {
  return el("section", { class: "card" }, title && el("h2", {}, title), ...children);
}

export function alertBox(text, testid = "alert") {
  return el("p", { class: "alert", role: "alert", "data-testid": testid }, text);
}

export const short = (address) => `${address.slice(0, 6)}…${address.slice(-4)}`;

export function copyable(text, label = text) {
  const code = el("code", { title: text }, label);
  const button = el("button", { type: "button", class: "quiet copy", onclick: () => copy(text) }, "Copy");
  return el("span", { class: "copyable" }, code, button);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "off-screen" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("Copied");
}

let fading;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => ($("toast").hidden = true), 1800);
}

// A button that cannot be pressed twice: it waits until its work ends.
export function action(label, work, attributes = {}) {
  const button = el("button", { type: "button", class: "primary", ...attributes }, label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.classList.add("busy");
    try {
      await work();
    } finally {
      button.disabled = false;
      button.classList.remove("busy");
    }
  });
  return button;
}
