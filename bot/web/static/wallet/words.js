// The same sentences as bot/policy/mandate_words.py.

export function dollars(value) {
  const text = value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `$${text.replace(/\.00$/, "")}`;
}

export function day(seconds, now = new Date()) {
  const at = new Date(seconds * 1000);
  const month = at.toLocaleString("en-GB", { month: "long", timeZone: "UTC" });
  const year = at.getUTCFullYear() === now.getUTCFullYear() ? "" : ` ${at.getUTCFullYear()}`;
  const clock = at.toISOString().slice(11, 19);
  return `${at.getUTCDate()} ${month}${year}${clock === "23:59:59" ? "" : ` ${clock.slice(0, 5)} UTC`}`;
}

export function listed(names) {
  if (names.length < 2) return names[0] ?? "nothing";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function describe(choices) {
  return (
    `may trade ${listed(choices.symbols)} on ${listed(choices.venues)}, ` +
    `up to ${dollars(choices.trade)} a trade and ${dollars(choices.volume)} a day, ` +
    `losing at most ${choices.slippage} % a trade and ${dollars(choices.loss)} a day, ` +
    `until ${day(choices.until)}`
  );
}

// Loss L a day: L (1 + t) / 2 in t days; gas by the same rule from 2 SEI a day, and 1 SEI held.
export function worstCase(loss) {
  return (
    `If every key of the server leaked, this escrow could lose at most ${dollars(loss)} in a day and ` +
    `${dollars(loss * 4)} in a week, plus gas: 3 SEI in a day, 9 SEI in a week.`
  );
}
