"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.durations import EXAMPLES, format_duration, parse_duration

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("3d", 3 * DAY),
        ("1w", 7 * DAY),
        ("1d12h", 1.5 * DAY),
        ("12h1d", 1.5 * DAY),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("1h1h", timedelta(hours=2)),
        ("3D", 3 * DAY),
        ("1D12H", 1.5 * DAY),
        ("007d", 7 * DAY),
        ("0s", timedelta()),
        ("0d0h", timedelta()),
    ],
)
def test_a_length_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "3", "d", "d3", "3x", "3dx", "x3d", "3 d", " 3d", "3d ", "3d\n", "-3d", "+3d", "1.5d",
        "1,5d", "3days", "3d,2h", "1e3d", "forever", "never", "٣d", "3ｄ", "3ſ", "²d", "1234567s", "1y",
    ],
)  # fmt: skip
def test_anything_else_is_no_length(text: str) -> None:
    assert parse_duration(text) is None


@given(st.text(st.sampled_from("0123456789smhdwSMHDWx .-٣"), max_size=30))
def test_no_text_is_too_much(text: str) -> None:
    assert parse_duration(text) is None or parse_duration(text) >= timedelta()


def test_the_longest_length_is_a_hundred_years() -> None:
    assert parse_duration("36500d") == 36500 * DAY
    assert parse_duration("36500d1s") is None


def test_a_sum_beyond_all_bounds_is_no_error() -> None:
    length = parse_duration("999999w" * 200)
    assert length is None or length > timedelta(weeks=999999)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=90), "1h30m"),
        (1.5 * DAY, "1d12h"),
        (7 * DAY, "1w"),
        (10 * DAY, "1w3d"),
        (timedelta(seconds=1, milliseconds=900), "1s"),
    ],
)
def test_a_length_is_written(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


@given(st.integers(0, 10**9))
def test_what_is_written_can_be_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


def test_the_examples_shown_to_people_are_lengths() -> None:
    examples = EXAMPLES.replace(" or ", ", ").split(", ")
    assert len(examples) == 5
    assert all(parse_duration(example) for example in examples)
