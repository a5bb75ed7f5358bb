"""Which zone, which hours: as people write them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.policy.time_zones import (
    COMMON,
    label_of,
    local,
    parse_span,
    parse_time,
    parse_zone,
    zones_of_clock,
)

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "zone", "label"),
    [
        ("berlin", "Europe/Berlin", "Berlin"),
        (" New   York ", "America/New_York", "New York"),
        ("san francisco", "America/Los_Angeles", "Los Angeles"),
        ("St. Petersburg", "Europe/Moscow", "Moscow"),
        ("Europe/Paris", "Europe/Paris", "Paris"),
        ("hong-kong", "Asia/Hong_Kong", "Hong Kong"),
        ("UTC", "UTC", "UTC"),
        ("utc+2", "Etc/GMT-2", "UTC+2"),
        ("GMT -3", "Etc/GMT+3", "UTC-3"),
        ("+0", "UTC", "UTC"),
    ],
)
def test_a_place_or_an_offset_names_a_zone(words: str, zone: str, label: str):
    assert parse_zone(words) == zone
    assert label_of(zone) == label
    ZoneInfo(zone)


@pytest.mark.parametrize(
    "words", ["", "atlantis", "utc+15", "utc-13", "../../etc/passwd", "x" * 5_000, "\0", "Ber lin"]
)
def test_what_is_none_is_refused_with_a_way_on(words: str):
    with pytest.raises(UserError, match="Berlin"):
        parse_zone(words)


@given(st.text(max_size=60))
def test_no_text_breaks_it(words: str):
    for parse in (parse_zone, parse_time, parse_span):
        try:
            parse(words)
        except UserError:
            continue


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("8", time(8)),
        ("22:30", time(22, 30)),
        ("10pm", time(22)),
        ("12am", time(0)),
        ("12 pm", time(12)),
        ("24:00", time(0)),
    ],
)
def test_times_of_the_day(words: str, at: time):
    assert parse_time(words) == at


@pytest.mark.parametrize("words", ["25:00", "13pm", "8:61", "noonish", "-1", "8:3"])
def test_what_is_no_time(words: str):
    with pytest.raises(UserError, match="22:00"):
        parse_time(words)


@pytest.mark.parametrize("words", ["22:00-07:00", "22 to 7", "10pm - 7am", "from 22 until 7"])
def test_quiet_hours(words: str):
    assert parse_span(words) == (time(22), time(7))


@pytest.mark.parametrize("name", [*COMMON, "UTC", "Asia/Kathmandu"])
@pytest.mark.parametrize("month", [1, 7])
def test_what_ones_clock_says_leads_to_ones_zone(name: str, month: int):
    now = NOW.replace(month=month)
    says = local(now, name).time().replace(second=0, microsecond=0)
    offset = ZoneInfo(name).utcoffset(now)
    found = zones_of_clock(says, now)
    assert found
    assert {ZoneInfo(zone).utcoffset(now) for zone in found} == {offset}


def test_a_clock_that_is_some_minutes_off_is_understood():
    says = (local(NOW, "Europe/Berlin") + timedelta(minutes=6)).time()
    assert "Europe/Berlin" in zones_of_clock(says, NOW)
