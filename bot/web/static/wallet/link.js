// The link's token and what Telegram adds to it: "#token", "#token&tgWebAppData=…" or
// "#token?tgWebAppData=…".

export function readLink(fragment) {
  const text = fragment.replace(/^#/, "");
  const cut = text.search(/[?&]/);
  const head = cut < 0 ? text : text.slice(0, cut);
  const parameters = new URLSearchParams(head.includes("=") ? text : text.slice(head.length + 1));
  return {
    token: head.includes("=") ? "" : head,
    initData: parameters.get("tgWebAppData") ?? "",
    theme: parse(parameters.get("tgWebAppThemeParams")),
    inTelegram: parameters.has("tgWebAppVersion") || parameters.has("tgWebAppData"),
  };
}

function parse(json) {
  try {
    return JSON.parse(json) ?? {};
  } catch {
    return {};
  }
}
