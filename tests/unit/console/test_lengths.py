"""Lengths of time, as typed and as shown."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from console.state.countdown import next_change, time_left
from console.state.lengths import end_after, format_length, parse_length
from plugin.domain.durations import parse_duration

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


@pytest.mark.parametrize(
    "text", ["30m", "2h", "3d", "1w", "1d12h", "1W2D", "90s", "0m", "", "3", "d", "3 d", "-3d", "3d!", "٣d"]
)
def test_a_length_is_read_as_the_server_reads_it(text: str) -> None:
    assert parse_length(text) == parse_duration(text)


def test_spaces_around_a_length_do_not_matter() -> None:
    assert parse_length(" 3d ") == 3 * DAY


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(0), "0s"),
        (-HOUR, "0s"),
        (59 * SECOND, "59s"),
        (HOUR, "1h"),
        (HOUR - SECOND, "59m 59s"),
        (HOUR + 5 * SECOND, "1h"),
        (DAY + 5 * MINUTE, "1d"),
        (2 * DAY + 4 * HOUR + MINUTE, "2d 4h"),
        (400 * DAY, "400d"),
    ],
)
def test_a_length_is_shown_in_two_units(length: timedelta, shown: str) -> None:
    assert format_length(length) == shown


def test_an_end_past_the_calendar_is_none() -> None:
    assert end_after(NOW, HOUR) == NOW + HOUR
    assert end_after(NOW, timedelta(days=3_000_000)) is None


@pytest.mark.parametrize(
    ("expires_at", "lifted_at", "shown"),
    [
        (NOW + 3 * DAY, None, "3d"),
        (NOW + SECOND, None, "1s"),
        (NOW, None, "ended"),
        (NOW - DAY, None, "ended"),
        (None, None, "until lifted"),
        (None, NOW, "lifted"),
        (NOW + DAY, NOW, "lifted"),
        (NOW - DAY, NOW, "ended"),
    ],
)
def test_what_is_left_of_a_block(expires_at: datetime | None, lifted_at: datetime | None, shown: str) -> None:
    assert time_left(expires_at, lifted_at, NOW) == shown


@pytest.mark.parametrize(
    "left", [SECOND, 90 * SECOND, HOUR, HOUR + SECOND, 5 * HOUR + 3 * SECOND, DAY, 3 * DAY + 5 * SECOND]
)
def test_the_next_change_is_the_moment_the_text_changes(left: timedelta) -> None:
    expires_at = NOW + left
    shown, now = time_left(expires_at, None, NOW), NOW
    step = next_change(expires_at, now)
    assert step is not None
    before = now + step - timedelta(milliseconds=1)
    assert before < now or time_left(expires_at, None, before) == shown
    # A look too many does no harm; one too late would.
    looks = 0
    while time_left(expires_at, None, now) == shown:
        step = next_change(expires_at, now)
        assert step is not None
        now, looks = now + step, looks + 1
        assert looks <= 60
    late = now - timedelta(milliseconds=2)
    assert late < NOW or time_left(expires_at, None, late) == shown


def test_what_does_not_count_down_never_changes() -> None:
    assert next_change(None, NOW) is None
    assert next_change(NOW - DAY, NOW) is None
