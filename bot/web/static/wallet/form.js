// The mandate's form: what is chosen, what is wrong with it, and what it means.

import { el } from "./dom.js";
import { dollars } from "./words.js";

const DAY_S = 86_400;
const LONGEST_S = 366 * DAY_S;
const MOST_USD = 281_474_976;
const USUAL = { trade_usd: 50, volume_usd: 200, loss_usd: 10, slippage_pct: 1.5 };
const SPANS = [7, 30, 90];
const USUAL_SPAN = 30;

export class Form {
  #offer;
  #tokens;
  #venues;
  #figures = {};
  #until;
  #spans;
  #notes = { tokens: notes("off-tokens"), venues: notes("off-venues") };

  // `current` is the mandate in force, to begin with; `changed` is called on every change.
  constructor(offer, current, changed) {
    this.#offer = offer;
    const limits = current.limits ?? USUAL;
    this.#tokens = offer.tokens.map(({ symbol, address }) =>
      tick(symbol, address, !current.tokens || current.tokens.includes(address), address === offer.quote),
    );
    this.#venues = offer.venues.map(({ name, adapter }) =>
      tick(name, adapter, !current.adapters || current.adapters.includes(adapter)),
    );
    for (const [name, label, unit] of [
      ["trade_usd", "A single trade", "$"],
      ["volume_usd", "All trades in 24 hours", "$"],
      ["loss_usd", "Losses in 24 hours", "$"],
      ["slippage_pct", "Loss of a single trade", "%"],
    ]) {
      this.#figures[name] = figure(name, label, unit, limits[name]);
    }
    this.#until = el("input", { type: "date", id: "until", "data-testid": "until", min: dateIn(1), max: dateIn(365), required: true });
    this.#spans = SPANS.map((days) =>
      el("button", { type: "button", class: "span", "data-testid": `days-${days}`, onclick: () => { this.#span(days); changed(); } }, `${days} days`),
    );
    this.#span(USUAL_SPAN);
    this.node = this.#node();
    this.node.addEventListener("input", () => { this.#mark(); changed(); });
    this.node.addEventListener("submit", (event) => event.preventDefault());
  }

  // What the chain does not let anybody trade cannot be chosen; `off` says why, by address.
  leaveOut(off) {
    for (const [kind, ticks] of [["tokens", this.#tokens], ["venues", this.#venues]]) {
      for (const tick of ticks) tick.leaveOut(off.has(tick.box.value));
      const said = ticks.map((tick) => off.get(tick.box.value)).filter(Boolean);
      this.#notes[kind].replaceChildren(...said.map((why) => el("p", { class: "small" }, why)));
      this.#notes[kind].hidden = !said.length;
    }
  }

  // As the sentences and the typed message want it.
  choices() {
    const tokens = this.#offer.tokens.filter((_, at) => this.#tokens[at].box.checked);
    const venues = this.#offer.venues.filter((_, at) => this.#venues[at].box.checked);
    const number = (name) => Number(this.#figures[name].input.value);
    return {
      tokens: tokens.map((token) => token.address),
      symbols: tokens.map((token) => token.symbol),
      adapters: venues.map((venue) => venue.adapter),
      venues: venues.map((venue) => venue.name),
      trade: number("trade_usd"),
      volume: number("volume_usd"),
      loss: number("loss_usd"),
      slippage: number("slippage_pct"),
      until: Math.floor(Date.parse(`${this.#until.value}T23:59:59Z`) / 1000),
    };
  }

  // As the bot wants it.
  body() {
    const { tokens, adapters, until } = this.choices();
    const figures = Object.entries(this.#figures).map(([name, { input }]) => [name, input.value.trim()]);
    return { tokens, adapters, valid_until: until, ...Object.fromEntries(figures) };
  }

  // The first thing that is wrong, in words; empty when it can be signed.
  problem() {
    for (const { input, label, unit } of Object.values(this.#figures)) {
      if (!/^\d{1,9}(\.\d{1,2})?$/.test(input.value.trim())) return `“${label}” needs a figure in ${unit}, with two decimals at most.`;
    }
    const { tokens, adapters, trade, volume, loss, slippage, until } = this.choices();
    const { symbol, address } = this.#offer.tokens.find((token) => token.address === this.#offer.quote);
    if (!tokens.includes(address)) return `Every trade starts from ${symbol} or returns to it: no new mandate can be signed while it cannot be traded.`;
    if (tokens.length < 2) return "Choose at least one more token.";
    if (!adapters.length) return "Choose at least one exchange.";
    if (Math.min(trade, volume, loss) < 1) return "Limits start at $1.";
    if (Math.max(trade, volume, loss) >= MOST_USD) return "That is more than the contract can count.";
    if (trade * 2 > volume) return `A trade can be at most half of the day's volume, as half of it is there at once. Allow ${dollars(trade * 2)} in 24 hours, or less a trade.`;
    if (loss > volume) return "The losses of a day cannot be more than its trades.";
    if (slippage < 0.1 || slippage > 10) return "The loss of a single trade must be between 0.1 and 10 %.";
    const now = Date.now() / 1000;
    if (!(until > now + 3600)) return "Choose a day from today on.";
    if (until > now + LONGEST_S) return "The end can be at most one year from now.";
    return "";
  }

  // What may surprise later, though it can be signed.
  hint() {
    const { volume, loss } = this.choices();
    if (loss * 33 >= volume) return "";
    return "Even a fair trade counts 1 to 2 % as lost, for fees and doubt about prices. With this little the agent may have to stop before it has used its volume.";
  }

  #span(days) {
    this.#until.value = dateIn(days);
    this.#mark();
  }

  #mark() {
    this.#spans.forEach((button, at) => button.setAttribute("aria-pressed", this.#until.value === dateIn(SPANS[at])));
  }

  #node() {
    return el("form", { novalidate: true, autocomplete: "off" },
      group("Tokens it may spend and receive", el("div", { class: "ticks" }, this.#tokens.map((token) => token.node)), this.#notes.tokens),
      group("Exchanges", el("div", { class: "ticks" }, this.#venues.map((venue) => venue.node)), this.#notes.venues),
      group("At most", el("div", { class: "figures" }, Object.values(this.#figures).map((field) => field.node)),
        el("p", { class: "small" }, "Half of a day's limit is there at once, the rest comes back evenly over 24 hours. So a trade can be at most half of the day's trades.")),
      group("Until the end of", el("div", { class: "spans" }, this.#until, this.#spans)),
    );
  }
}

function group(title, ...children) {
  return el("fieldset", {}, el("legend", {}, title), ...children);
}

function notes(testid) {
  return el("div", { "data-testid": testid, hidden: true });
}

function tick(label, value, checked, fixed = false) {
  const box = el("input", { type: "checkbox", value, disabled: fixed, "data-testid": `tick-${label}` });
  box.checked = checked || fixed;
  const title = fixed ? "Every trade starts from it or returns to it" : undefined;
  let chosen = null; // before it was left out
  const leaveOut = (out) => {
    if (out === (chosen !== null)) return;
    [box.checked, chosen] = out ? [false, box.checked] : [chosen, null];
    box.disabled = out || fixed;
  };
  return { box, leaveOut, node: el("label", { class: "tick", title }, box, el("span", {}, label)) };
}

function figure(name, label, unit, value) {
  const input = el("input", { type: "text", inputmode: "decimal", "data-testid": name, required: true });
  input.value = `${value}`;
  const field = el("span", { class: `field ${unit === "%" ? "after" : ""}` }, unit === "$" && el("i", {}, "$"), input, unit === "%" && el("i", {}, "%"));
  return { input, label, unit, node: el("label", { class: "figure" }, el("span", {}, label), field) };
}

const dateIn = (days) => new Date(Date.now() + days * DAY_S * 1000).toISOString().slice(0, 10);
