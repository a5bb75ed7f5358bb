// The bot's side of the page. The token and the session travel in headers only.

export class Problem extends Error {
  constructor(text, status = 0) {
    super(text);
    this.status = status;
  }
}

export class Bot {
  #token;
  session = "";

  constructor(token) {
    this.#token = token;
  }

  async ask(question, body) {
    let answer;
    try {
      answer = await fetch(`api/wallet/${question}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${this.#token}`,
          "content-type": "application/json",
          "x-wallet-session": this.session,
        },
        body: JSON.stringify(body ?? {}),
      });
    } catch {
      throw new Problem("The bot cannot be reached. Check your connection and try again.");
    }
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    const reference = told.reference ? ` Reference: ${told.reference}.` : "";
    const text = told.reference || !told.error ? `Something went wrong on the bot's side.${reference}` : told.error;
    throw new Problem(text, answer.status);
  }
}
