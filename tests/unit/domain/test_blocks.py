"""Blocks: their length, and what they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.blocks import BlockRules, block_length, holds, is_held, lift_time
from plugin.domain.durations import parse_duration
from plugin.domain.model import Block

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
TICK = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RULES = BlockRules(default=3 * DAY, longest=30 * DAY)

BLOCK = Block(
    id="BLOCK-1",
    customer_id="CUST-1",
    kind="timeout",
    reason=None,
    by_id="MOD-A",
    by_name="Alice",
    created_at=NOON,
    expires_at=NOON + HOUR,
)
FOREVER = replace(BLOCK, kind="block", expires_at=None)


# Length


@pytest.mark.parametrize(
    ("wish", "longest", "length"),
    [
        (None, 30 * DAY, 3 * DAY),
        (HOUR, 30 * DAY, HOUR),
        (30 * DAY, 30 * DAY, 30 * DAY),
        (31 * DAY, 30 * DAY, 30 * DAY),
        (None, DAY, DAY),
        (None, None, 3 * DAY),
        (400 * DAY, None, 400 * DAY),
    ],
)
def test_a_wish_is_granted_up_to_the_longest(
    wish: timedelta | None, longest: timedelta | None, length: timedelta
) -> None:
    assert block_length(wish, replace(RULES, longest=longest)) == length


def test_without_a_limit_the_longest_that_can_be_written_still_has_an_end() -> None:
    length = block_length(parse_duration("999999w"), replace(RULES, longest=None))
    assert NOON + length > NOON


# One block


@pytest.mark.parametrize(
    ("at", "held"),
    [
        (NOON - TICK, False),
        (NOON, True),
        (NOON + HOUR - TICK, True),
        (NOON + HOUR, False),
        (NOON + DAY, False),
    ],
)
def test_a_block_holds_from_its_begin_until_just_before_its_end(at: datetime, held: bool) -> None:
    assert holds(BLOCK, at) is held


@pytest.mark.parametrize(
    ("lifted_at", "at", "held"),
    [
        (NOON + HOUR / 2, NOON + HOUR / 2 - TICK, True),
        (NOON + HOUR / 2, NOON + HOUR / 2, False),
        (NOON + 2 * HOUR, NOON + HOUR, False),
        (NOON, NOON, False),
    ],
)
def test_a_lifted_block_ends_at_the_earlier_of_both(lifted_at: datetime, at: datetime, held: bool) -> None:
    assert holds(replace(BLOCK, lifted_at=lifted_at), at) is held


def test_a_block_without_an_end_holds_until_it_is_lifted() -> None:
    later = NOON + 3650 * DAY
    assert holds(FOREVER, later)
    assert not holds(FOREVER, NOON - TICK)
    assert not holds(replace(FOREVER, lifted_at=later), later)
    assert holds(replace(FOREVER, lifted_at=later), later - TICK)


# A message


def test_without_a_block_nothing_is_held() -> None:
    assert not is_held([], NOON, NOON)


@pytest.mark.parametrize(
    ("written_at", "now", "held"),
    [
        pytest.param(NOON - HOUR, NOON - HOUR, True, id="before, by a clock that was set back"),
        pytest.param(NOON - HOUR, NOON + TICK, True, id="before, still waiting when it begins"),
        pytest.param(NOON - HOUR, NOON + DAY, False, id="before, looked at when it is over"),
        pytest.param(NOON + TICK, NOON + TICK, True, id="during, looked at during"),
        pytest.param(NOON + TICK, NOON + DAY, True, id="during, looked at when it is over"),
        pytest.param(NOON + HOUR, NOON + HOUR, False, id="after"),
    ],
)
def test_a_message_is_held_that_was_written_or_would_be_sent_under_a_block(
    written_at: datetime, now: datetime, held: bool
) -> None:
    assert is_held([BLOCK], written_at, now) is held


def test_any_one_of_several_blocks_holds() -> None:
    over = replace(BLOCK, created_at=NOON - DAY, expires_at=NOON - HOUR)
    assert is_held([over, BLOCK], NOON + TICK, NOON + TICK)
    assert is_held([BLOCK, over], NOON + TICK, NOON + TICK)
    assert not is_held([over], NOON + TICK, NOON + TICK)


@given(st.integers(0, 7200), st.integers(0, 7200), st.integers(0, 7200))
def test_what_was_written_under_a_block_stays_held_however_late_it_is_looked_at(
    begin: int, length: int, written: int
) -> None:
    block = replace(
        BLOCK,
        created_at=NOON + timedelta(seconds=begin),
        expires_at=NOON + timedelta(seconds=begin + length),
    )
    written_at = NOON + timedelta(seconds=written)
    inside = begin <= written < begin + length
    assert is_held([block], written_at, written_at + 365 * DAY) is inside


# The end of a block that is lifted


@pytest.mark.parametrize(
    ("written", "read", "ends"),
    [
        (0, 5, 0.999),  # whole seconds, as Telegram's are: all of that second is before it
        (0, 0.4, 0.4),
        (0.6, 5, 0.6),
        (5, 0, 5),
    ],
)
def test_a_lift_of_a_whole_second_counts_from_its_end_if_it_was_not_read_before(written, read, ends) -> None:
    at = [NOON + timedelta(seconds=seconds) for seconds in (written, read, ends)]
    assert lift_time(at[0], at[1]) == at[2]
