"""What the guided dialogue has been told so far, and the conditions that this may mean. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.alerts import Condition
from bot.domain.errors import UserError
from bot.policy.alerts.kind import AlertKind, Source
from bot.policy.alerts.typed import turn_of

_NOTHING = Decimal(0)
_PROBE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers by question; "" and None are those still to come.

    `signed`: the figure came with its sign, or from a button, so that it means what it says.
    `turn`: the way that was written beside it, as `turn_of` names it.
    """

    token: str = ""
    window: str = ""
    threshold: Decimal | None = None
    signed: bool = True
    turn: str = ""
    time: str = ""
    agent_id: int = 0


def next_question(kind: AlertKind, answers: Answers) -> str | None:
    """Which of `token`, `window`, `threshold`, `time` is to be asked next; None: no more."""
    given = {
        "token": answers.token,
        "window": answers.window,
        "threshold": "" if answers.threshold is None else "yes",
        "time": answers.time,
    }
    return next((question for question in kind.asks if not given[question]), None)


def needs_agent(kind: AlertKind) -> bool:
    """Whether it is about what one agent's escrow holds."""
    return any(meter.source is Source.HOLDINGS for meter in kind.meters)


def meant(kind: AlertKind, answers: Answers) -> Sequence[Condition]:
    """All conditions that the answers may mean: more than one where a direction is open.

    Raises:
        UserError: they can mean none; what the kind says of the first.
    """
    refusal: UserError | None = None
    for window in _windows(answers):
        found: list[Condition] = []
        for condition in _conditions(kind, answers, window):
            try:
                kind.check(condition)
                if answers.turn:
                    _check_turn(kind, condition, answers.turn)
            except UserError as error:
                refusal = refusal or error
            else:
                found.append(condition)
        if found:
            return found
    raise refusal or UserError("That makes no alert. Please start again with /alert.")


def probe(kind: AlertKind, answers: Answers) -> Condition:
    """Some condition of the kind, whatever its line, to measure its series by."""
    return Condition(kind.conditions[0], answers.token, _PROBE, answers.window, answers.agent_id)


def _check_turn(kind: AlertKind, condition: Condition, turn: str) -> None:
    watch = kind.watch(condition)
    if watch is not None and turn_of(watch) != turn:
        raise UserError(
            f"You chose “{kind.title}”, and wrote another way. Write the figure alone, or start "
            "again with /alert."
        )


def _windows(answers: Answers) -> Sequence[str]:
    """Of a digest the weekday and the time, or the time alone."""
    if not answers.time:
        return (answers.window,)
    return (f"{answers.window} {answers.time}".strip(), answers.time)


def _conditions(kind: AlertKind, answers: Answers, window: str) -> Iterator[Condition]:
    lines = [answers.threshold if answers.threshold is not None else _NOTHING]
    if not answers.signed and lines[0] > 0:
        lines.append(-lines[0])
    for name in kind.conditions:
        for line in lines:
            yield Condition(name, answers.token, line, window, answers.agent_id)
