"""Telegram's limits hold in every window, whatever is sent by whom and when."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import RetryAfter

from bot.chat.delivery.pace import PACED, Pace, PaceLimiter
from tests.fakes.clock import FakeClock

GROUP = -100
CHATS = st.sampled_from([1, 2, 3, -1, -2])
STEPS = st.lists(st.tuples(CHATS, st.floats(0, 3).map(lambda s: round(s, 6))), max_size=200)


class Taken:
    """A sender that waits its turn, and the times at which it sent."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.pace = Pace(self.clock)
        self.times: list[tuple[float, int]] = []

    def send(self, chat_id: int) -> None:
        while wait_s := max(self.pace.wait_s(), self.pace.chat_wait_s(chat_id)):
            self.clock.jump(wait_s)
        self.pace.count(chat_id)
        self.times.append((self.clock.now().timestamp(), chat_id))

    def at_most(self, number: int, seconds: float, *chats: int) -> bool:
        """Whether no window of these seconds holds more."""
        times = [at for at, chat_id in self.times if not chats or chat_id in chats]
        pairs = zip(times, times[number:], strict=False)
        return all(later - first >= seconds - 1e-5 for first, later in pairs)


@given(STEPS)
def test_no_window_holds_more_than_the_limits(steps: list[tuple[int, float]]):
    taken = Taken()
    for chat_id, pause_s in steps:
        taken.clock.jump(pause_s if pause_s > 1 else 0)
        taken.send(chat_id)
    assert taken.at_most(30, 1)
    for chat_id in (1, 2, 3, -1, -2):
        assert taken.at_most(1, 1, chat_id)
    assert taken.at_most(20, 60, -1)
    assert taken.at_most(20, 60, -2)


def test_ten_thousand_chats_get_nearly_all_that_is_permitted():
    taken = Taken()
    for chat_id in range(1, 3_001):
        taken.send(chat_id)
    took_s = taken.times[-1][0] - taken.times[0][0]
    assert taken.at_most(30, 1)
    assert 2_999 / took_s > 29.9


def test_turns_are_spread_so_that_money_is_never_far_from_one():
    taken = Taken()
    for chat_id in range(1, 301):
        taken.send(chat_id)
    gaps = [b - a for (a, _), (b, _) in zip(taken.times, taken.times[1:], strict=False)]
    assert max(gaps) < 0.14
    assert sum(gap < 0.034 for gap in gaps) > 0.95 * len(gaps)


@given(st.floats(0, 0.02))
def test_who_comes_late_to_each_turn_loses_little(late_s: float):
    taken = Taken()
    for chat_id in range(1, 601):
        taken.send(chat_id)
        taken.clock.jump(late_s)
    assert taken.at_most(30, 1)
    assert 599 / (taken.times[-1][0] - taken.times[0][0]) > 28.5


@given(st.integers(1, 200), STEPS)
def test_answers_never_wait_and_what_they_used_is_used(
    answers: int, steps: list[tuple[int, float]]
):
    taken = Taken()
    before = taken.clock.now()
    for n in range(answers):
        taken.pace.count(1_000 + n)
    assert taken.clock.now() == before
    assert (taken.pace.wait_s() > 0) == (answers >= 4)
    if answers >= 30:
        assert taken.pace.wait_s() == 1
    for chat_id, _ in steps:
        taken.send(chat_id)
    assert taken.at_most(30, 1)


def test_an_answer_in_a_chat_puts_off_its_notices_only():
    taken = Taken()
    taken.pace.count(1)
    assert taken.pace.chat_wait_s(1) == 1
    assert taken.pace.chat_wait_s(2) == 0
    assert not taken.pace.paused(0.5)
    taken.clock.jump(0.5)
    assert taken.pace.chat_wait_s(1) == 0.5


def test_money_comes_right_behind_four_others_and_then_waits_as_all_do():
    taken = Taken()
    for _ in range(5):
        assert taken.pace.chat_wait_s(1, at_once=True) == 0
        taken.pace.count(1)
    assert taken.pace.chat_wait_s(1, at_once=True) == taken.pace.chat_wait_s(1) == 1
    assert taken.pace.paused(0.5) == {1: 1}
    taken.clock.jump(1)
    taken.pace.count(1)
    assert taken.pace.chat_wait_s(1, at_once=True) == 1
    taken.clock.jump(4.5)
    assert taken.pace.chat_wait_s(1, at_once=True) == 0


def test_a_group_that_has_had_its_twenty_waits_for_its_minute():
    taken = Taken()
    for _ in range(20):
        taken.send(GROUP)
    assert taken.times[-1][0] - taken.times[0][0] == 19
    assert taken.pace.chat_wait_s(GROUP) == 41
    assert taken.pace.chat_wait_s(-2) == 0


def test_what_a_group_got_before_a_restart_counts():
    taken = Taken()
    begun = taken.clock.now()
    taken.pace.count(GROUP)
    taken.pace.recall([(GROUP, begun - timedelta(seconds=40 - n)) for n in range(19)])
    assert taken.pace.chat_wait_s(GROUP) == 20
    taken.clock.jump(20)
    assert taken.pace.chat_wait_s(GROUP) == 0
    assert taken.pace.wait_s() == 0


def test_a_chat_that_is_held_holds_up_no_other():
    taken = Taken()
    taken.pace.hold(1, 17)
    taken.pace.hold(1, 5)
    assert (taken.pace.chat_wait_s(1), taken.pace.chat_wait_s(2), taken.pace.wait_s()) == (17, 0, 0)


@given(st.integers(-(10**6), 10**6))
def test_a_clock_that_is_set_frees_nothing_before_its_time_and_stops_nothing(jump_s: int):
    taken = Taken()
    taken.pace.hold(2, 17)
    for _ in range(4):
        taken.send(1)
    taken.clock.jump(jump_s)
    wait_s = taken.pace.chat_wait_s(1)
    assert wait_s == (0 if jump_s >= 1 else 1)
    assert taken.pace.chat_wait_s(2) <= 17
    taken.send(1)
    assert taken.pace.wait_s() <= 1


def test_it_remembers_only_chats_that_matter():
    taken = Taken()
    taken.pace.hold(5, 10**6)
    for chat_id in range(10, 5_000):
        taken.send(chat_id)
    assert len(taken.pace._chats) < 1_100
    assert taken.pace.chat_wait_s(5) > 0


async def answer(*_: object, **__: object) -> str:
    return "done"


async def refuse(*_: object, **__: object) -> str:
    raise RetryAfter(9)


@pytest.mark.parametrize(
    ("endpoint", "data", "mark", "chat_wait_s", "wait_s"),
    [
        ("sendMessage", {"chat_id": 1}, None, 1, 1),
        ("sendPhoto", {"chat_id": 1}, None, 1, 1),
        ("editMessageText", {"chat_id": 1}, None, 1, 1),
        ("sendMessageDraft", {"chat_id": 1}, None, 0, 1),
        ("sendMessage", {"chat_id": 1}, PACED, 0, 0),
        ("sendMessage", {"chat_id": "@channel"}, None, 0, 0),
        ("sendChatAction", {"chat_id": 1}, None, 0, 0),
        ("answerCallbackQuery", {}, None, 0, 0),
    ],
)
async def test_calls_count_in_their_chat_and_overall(
    endpoint: str, data: dict[str, object], mark: int | None, chat_wait_s: float, wait_s: float
):
    pace = Pace(FakeClock())
    limiter = PaceLimiter(pace)
    for _ in range(30):
        assert await limiter.process_request(answer, (), {}, endpoint, data, mark) == "done"
    assert pace.chat_wait_s(1) == chat_wait_s
    assert pace.wait_s() == wait_s


async def test_a_refused_answer_holds_its_chat():
    pace = Pace(FakeClock())
    with pytest.raises(RetryAfter):
        await PaceLimiter(pace).process_request(refuse, (), {}, "sendMessage", {"chat_id": 3}, None)
    assert (pace.chat_wait_s(3), pace.chat_wait_s(4)) == (9, 0)
