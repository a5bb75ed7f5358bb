// The little of Telegram's Mini App protocol that this page needs, without its script.

const COLOURS = {
  "--paper": ["secondary_bg_color", "bg_color"],
  "--card": ["section_bg_color", "bg_color"],
  "--ink": ["text_color"],
  "--accent": ["button_color"],
  "--on-accent": ["button_text_color"],
  "--link": ["link_color", "button_color"],
  "--bad": ["destructive_text_color"],
};

export function post(type, data = {}) {
  const json = JSON.stringify(data);
  if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(type, json);
  else if (window.external && "notify" in window.external) {
    window.external.notify(JSON.stringify({ eventType: type, eventData: data }));
  } else if (window.parent !== window) {
    window.parent.postMessage(JSON.stringify({ eventType: type, eventData: data }), "https://web.telegram.org");
  }
}

export function wear(theme) {
  const root = document.documentElement;
  const pick = (...names) => names.map((name) => theme[name]).find((value) => /^#[0-9a-f]{6}$/i.test(value));
  for (const [property, names] of Object.entries(COLOURS)) {
    const colour = pick(...names);
    if (colour) root.style.setProperty(property, colour);
  }
  // Hints are too faint for whole sentences.
  const [hint, text] = [pick("subtitle_text_color", "hint_color"), pick("text_color")];
  if (hint && text) root.style.setProperty("--soft", `color-mix(in srgb, ${hint} 65%, ${text})`);
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt((theme.bg_color ?? "").slice(at, at + 2), 16));
  if (Number.isNaN(red)) return;
  const dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  root.dataset.scheme = dark ? "dark" : "light";
}
