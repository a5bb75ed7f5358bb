// The mandate of an agent: what is in force, what the chain says of its escrow, the form, signing.

import { action, alertBox, copy, copyable, el } from "./dom.js";
import { commands, inspect, nothing } from "./chain.js";
import { Form } from "./form.js";
import { ownMandate, ownRevocation } from "./typed.js";
import { describe, dollars, worstCase } from "./words.js";

const POLL_MS = 1000;

export class MandatePage {
  #link;
  #bot;
  #wallet;
  #account;
  #fail;
  #checked = null;
  #form = null;
  #parts = {};
  #home = "sign"; // the card that tells how signing went

  // `fail` shows an error that ends the page's work: signed out, or an expired link.
  constructor({ link, bot, wallet, account, fail }) {
    this.#link = link;
    this.#bot = bot;
    this.#wallet = wallet;
    this.#account = account;
    this.#fail = fail;
    for (const name of ["force", "check", "form", "sign"]) this.#parts[name] = el("section", { class: "card", "data-testid": name });
    this.node = el("div", {}, Object.values(this.#parts));
  }

  async load() {
    const current = await this.#bot.ask("mandate");
    this.#showForce(current);
    this.#showForm(current);
    this.#showSign();
    this.#parts[this.#home].append(this.#parts.outcome);
    this.#update();
    await this.check();
  }

  // Again whenever the wallet changes its chain.
  async check() {
    if (!this.#checked) {
      this.#parts.check.replaceChildren(el("h2", {}, "Checked on the chain"), el("p", { class: "soft" }, "Asking the chain through your wallet…"));
    }
    try {
      this.#checked = await inspect(this.#wallet, this.#link, this.#account);
    } catch (error) {
      this.#checked = { ...nothing, lines: [{ ok: false, text: `The chain could not be asked. ${error.message}` }] };
    }
    this.#showCheck();
    this.#update();
  }

  #showForce(current) {
    const { agent } = this.#link;
    const { limits, left } = current;
    const stopped = current.why_not || current.paused;
    const heading = el("h2", {}, stopped ? "Not trading" : "In force now", el("span", { class: `dot ${stopped ? "off" : "on"}` }));
    const lines = [heading];
    if (current.paused) lines.push(el("p", { "data-testid": "paused" }, current.paused));
    if (current.why_not) lines.push(el("p", { "data-testid": "why-not" }, current.why_not));
    if (current.words) lines.push(el("p", { class: current.why_not ? "soft" : "", "data-testid": "words" }, `${agent.name} ${current.words}.`));
    if (left && !current.why_not) {
      lines.push(
        meter("Trades there is room for now", left.volume_usd, limits.volume_usd / 2),
        meter("Losses there is room for now", left.loss_usd, limits.loss_usd / 2),
      );
    }
    if (current.can_revoke) lines.push(this.#revocation());
    this.#parts.force.replaceChildren(...lines);
  }

  #revocation() {
    const button = action("Revoke", () => this.#revoke(), { class: "danger", "data-testid": "revoke" });
    this.#parts.revoke = button;
    return el("div", { class: "row" }, el("p", { class: "small" }, "Revoking ends it at once. The money stays where it is."), button);
  }

  #showCheck() {
    const { site, agent } = this.#link;
    const { signable, revocable, onChain, lines, proxy } = this.#checked;
    const shown = lines.map((line) =>
      el("li", { class: line.ok ? "yes" : "no" }, el("b", { "aria-label": line.ok ? "yes" : "no" }, line.ok ? "✓" : "✗"), el("span", {}, line.text)),
    );
    const children = [el("h2", {}, "Checked on the chain"), el("ul", { class: "checks", "data-testid": "checks" }, shown)];
    if (onChain === false) {
      children.push(action(`Switch to ${site.network}`, () => this.#try(async () => { await this.#wallet.switchTo(site); await this.check(); }), { "data-testid": "switch" }));
    } else if (!signable) {
      const what = revocable ? "sign no mandate here, and pay nothing in. Revoking is safe." : "sign nothing here, and pay nothing in.";
      children.push(alertBox(`Something does not fit: ${what} Ask the bot's operator.`, "blocked"));
    }
    const explorer = site.explorer && `${site.explorer}/address/${agent.escrow}`;
    children.push(
      el("details", {},
        el("summary", {}, "How to check without this page"),
        el("p", {}, "Compare these addresses with the ones published with the release:"),
        el("dl", {},
          el("dt", {}, "Orchestrator"), el("dd", {}, copyable(site.orchestrator)),
          el("dt", {}, "Escrow code"), el("dd", {}, copyable(site.implementation)),
          el("dt", {}, "Escrow"), el("dd", {}, copyable(agent.escrow)),
        ),
        explorer
          ? el("p", {}, "In the ", el("a", { href: explorer, target: "_blank", rel: "noopener noreferrer" }, "explorer"), ", “Read contract” of the orchestrator: escrowAddress, with your address as a number, must answer the escrow.")
          : null,
        el("p", {}, "Or from any machine, with your own copy of the release, which compares all of the code, or with Foundry's cast. The last one must answer the escrow:"),
        commands(this.#link, proxy).map((command) =>
          el("div", { class: "command" }, el("code", {}, command), el("button", { type: "button", class: "quiet", onclick: () => copy(command) }, "Copy")),
        ),
      ),
    );
    this.#parts.check.replaceChildren(...children);
  }

  #showForm(current) {
    this.#form = current.can_sign ? new Form(this.#link.offer, current, () => this.#update()) : null;
    this.#parts.form.hidden = this.#parts.sign.hidden = !this.#form;
    if (!this.#form) return;
    const title = current.tokens ? "Replace the mandate" : "New mandate";
    this.#parts.form.replaceChildren(el("h2", {}, title), this.#form.node);
  }

  #showSign() {
    const parts = this.#parts;
    parts.sentence = el("p", { class: "sentence", "data-testid": "sentence" });
    parts.worst = el("p", { class: "small", "data-testid": "worst" });
    parts.hint = el("p", { class: "small" });
    parts.problem = alertBox("", "problem");
    parts.outcome ??= el("div", { class: "outcome", "data-testid": "outcome", "aria-live": "polite" });
    parts.button = action("Sign this mandate", () => this.#sign(), { "data-testid": "sign-mandate" });
    parts.sign.replaceChildren(el("h2", {}, "What you sign"), parts.sentence, parts.hint, parts.worst, parts.problem, parts.button);
  }

  #update() {
    if (this.#parts.revoke) this.#parts.revoke.disabled = !this.#checked?.revocable;
    if (!this.#form) return;
    if (this.#checked) this.#form.leaveOut(this.#checked.off);
    const { sentence, worst, hint, problem, button } = this.#parts;
    const wrong = this.#form.problem();
    const choices = this.#form.choices();
    sentence.hidden = worst.hidden = Boolean(wrong);
    if (!wrong) {
      sentence.textContent = `${this.#link.agent.name} ${describe(choices)}.`;
      worst.textContent = `${worstCase(choices.loss)} What the market does to the tokens it bought is not bounded.`;
    }
    hint.textContent = wrong ? "" : this.#form.hint();
    problem.textContent = wrong;
    problem.hidden = !wrong;
    button.disabled = !this.#checked?.signable || Boolean(wrong);
  }

  #sign() {
    this.#home = "sign";
    return this.#try(async () => {
      const choices = this.#form.choices();
      const { typed } = await this.#bot.ask("mandate/prepare", this.#form.body());
      const place = await this.#place("signable");
      const { off } = this.#checked;
      if ([...choices.tokens, ...choices.adapters].some((address) => off.has(address))) {
        throw new Error("The orchestrator's list has changed just now. Nothing was signed: look at the mandate again.");
      }
      await this.#bringIn(ownMandate(typed, choices, place));
    });
  }

  #revoke() {
    this.#home = "force";
    return this.#try(async () => {
      const { typed } = await this.#bot.ask("revocation/prepare");
      await this.#bringIn(ownRevocation(typed, await this.#place("revocable")));
    });
  }

  // Where it will hold, from the chain as it is now.
  async #place(needed) {
    this.#checked = await inspect(this.#wallet, this.#link, this.#account);
    this.#showCheck();
    if (!this.#checked[needed]) throw new Error("The escrow does not pass the checks above. Nothing was signed.");
    return this.#checked.place;
  }

  async #bringIn(typed) {
    this.#tell("wait", "Your wallet shows the same figures now; dollars have six more digits there.");
    const signature = await this.#wallet.signTyped(typed, this.#account);
    let progress = await this.#bot.ask("bring-in", { signature });
    while (progress.state === "waiting" || progress.state === "sent") {
      this.#tell("wait", progress.state === "sent" ? "Sent. Waiting for the chain…" : "Signed. Bringing it to the chain; the bot pays the gas…", progress);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      progress = await this.#bot.ask("progress");
    }
    if (progress.state === "done") {
      this.#tell("good", progress.kind === "revocation" ? "Revoked. The agent may not trade any more." : "In force. You can go back to the chat.", progress);
    } else {
      this.#tell("bad", progress.reason, progress);
    }
    await this.load();
  }

  #tell(kind, text, progress) {
    this.#parts[this.#home].append(this.#parts.outcome);
    const { explorer } = this.#link.site;
    const hash = progress?.tx_hash;
    const transaction = hash && el("p", { class: "small" }, "Transaction ",
      explorer ? el("a", { href: `${explorer}/tx/${hash}`, target: "_blank", rel: "noopener noreferrer" }, `${hash.slice(0, 10)}…`) : copyable(hash, `${hash.slice(0, 10)}…`));
    this.#parts.outcome.replaceChildren(el("p", { class: kind, role: kind === "bad" ? "alert" : "status" }, text), ...(transaction ? [transaction] : []));
    this.#parts.outcome.dataset.kind = kind;
    this.#parts.outcome.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  async #try(work) {
    try {
      await work();
    } catch (error) {
      if ([401, 410].includes(error.status)) this.#fail(error);
      else this.#tell("bad", error.message);
    } finally {
      setTimeout(() => this.#update()); // after the pressed button has come back to life
    }
  }
}

function meter(label, left, most) {
  const bar = el("meter", { min: 0, max: most, value: left });
  return el("div", { class: "meter" }, el("span", {}, label), el("b", {}, `${dollars(left)} of ${dollars(most)}`), bar);
}
