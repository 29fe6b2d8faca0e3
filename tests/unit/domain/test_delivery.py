"""Where a batch stands, and how long to wait before it is sent again."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.delivery import SILENT_BATCHES, Part, Verdict, judge, pause_after

STATUSES = ("sent", "delivered", "retriable", "permanent")
ATTEMPTS = 6
"""The first one, and one after each of the five pauses."""

FLOOD = "FloodWaitError: A wait of {} seconds is required (caused by SendMessageRequest)"
GO_FLOOD = "rpc error code 420: FLOOD_WAIT ({})"


@st.composite
def batches(draw: st.DrawFn) -> tuple[int, int, dict[int, Part]]:
    """Draw the number of parts, the attempt, and a post of some of the parts."""
    part_count, attempt = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    part = st.builds(
        lambda attempt, status: Part(attempt=attempt, status=status),
        st.integers(1, attempt),
        st.sampled_from(STATUSES),
    )
    return part_count, attempt, draw(st.dictionaries(st.integers(0, part_count - 1), part))


# One part


@pytest.mark.parametrize("attempt", range(1, 9))
def test_a_batch_of_which_nothing_is_in_the_room_is_unsent(attempt: int) -> None:
    assert judge(1, attempt, {}) == "unsent"


@pytest.mark.parametrize(
    ("status", "attempt", "verdict"),
    [
        *(("sent", attempt, "sent") for attempt in range(1, 9)),
        *(("delivered", attempt, "delivered") for attempt in range(1, 9)),
        *(("permanent", attempt, "failed") for attempt in range(1, 9)),
        *(("retriable", attempt, "again") for attempt in range(1, ATTEMPTS)),
        *(("retriable", attempt, "failed") for attempt in range(ATTEMPTS, 9)),
    ],
)
def test_the_only_part_decides(status: str, attempt: int, verdict: Verdict) -> None:
    assert judge(1, attempt, {0: Part(attempt=attempt, status=status)}) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("sent", "unsent"), ("retriable", "unsent"), ("permanent", "unsent"), ("delivered", "delivered")],
)
def test_of_a_former_attempt_only_what_was_delivered_counts(status: str, verdict: Verdict) -> None:
    assert judge(1, 2, {0: Part(attempt=1, status=status)}) == verdict  # type: ignore[arg-type]


# Several parts


@pytest.mark.parametrize("statuses", list(product((*STATUSES, None), repeat=3)))
@pytest.mark.parametrize("attempt", [1, ATTEMPTS - 1, ATTEMPTS])
def test_of_several_parts_the_one_that_is_least_far_decides(
    statuses: tuple[str | None, ...], attempt: int
) -> None:
    parts = {
        number: Part(attempt=attempt, status=status)  # type: ignore[arg-type]
        for number, status in enumerate(statuses)
        if status is not None
    }
    if None in statuses:
        expected = "unsent"
    elif "sent" in statuses:
        expected = "sent"
    elif set(statuses) == {"delivered"}:
        expected = "delivered"
    elif "permanent" in statuses or attempt == ATTEMPTS:
        expected = "failed"
    else:
        expected = "again"
    assert judge(3, attempt, parts) == expected


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        (None, "unsent"),
        (Part(attempt=1, status="retriable"), "unsent"),
        (Part(attempt=2, status="sent"), "sent"),
        (Part(attempt=2, status="retriable"), "again"),
        (Part(attempt=2, status="permanent"), "failed"),
        (Part(attempt=2, status="delivered"), "delivered"),
    ],
)
def test_a_part_that_was_delivered_before_is_not_needed_again(second: Part | None, verdict: Verdict) -> None:
    parts = {0: Part(attempt=1, status="delivered")}
    if second is not None:
        parts[1] = second
    assert judge(2, 2, parts) == verdict


@given(batches())
def test_a_batch_is_delivered_just_when_each_of_its_parts_is(
    batch: tuple[int, int, dict[int, Part]],
) -> None:
    part_count, attempt, parts = batch
    everything = all(number in parts and parts[number].status == "delivered" for number in range(part_count))
    assert (judge(part_count, attempt, parts) == "delivered") is everything


@given(batches())
def test_a_batch_with_a_part_missing_is_unsent(batch: tuple[int, int, dict[int, Part]]) -> None:
    part_count, attempt, parts = batch
    assert judge(part_count + 1, attempt, parts) == "unsent"


@given(batches())
def test_nothing_follows_from_a_failure_while_a_part_is_unreported(
    batch: tuple[int, int, dict[int, Part]],
) -> None:
    part_count, attempt, parts = batch
    unreported = [
        number for number in range(part_count) if number not in parts or parts[number].status == "sent"
    ]
    if judge(part_count, attempt, parts) in ("again", "failed", "delivered"):
        assert unreported == []


@given(batches())
def test_a_batch_is_sent_again_only_for_a_part_of_this_attempt_that_failed(
    batch: tuple[int, int, dict[int, Part]],
) -> None:
    part_count, attempt, parts = batch
    if judge(part_count, attempt, parts) == "again":
        assert attempt < ATTEMPTS
        assert Part(attempt=attempt, status="retriable") in parts.values()
        assert all(part.status in ("delivered", "retriable") for part in parts.values())


@given(batches())
def test_a_new_attempt_waits_for_its_own_posts(batch: tuple[int, int, dict[int, Part]]) -> None:
    part_count, attempt, parts = batch
    if judge(part_count, attempt, parts) in ("again", "failed"):
        assert judge(part_count, attempt + 1, parts) == "unsent"


@given(batches(), st.randoms(use_true_random=False))
def test_it_does_not_matter_in_which_order_the_parts_are_told(
    batch: tuple[int, int, dict[int, Part]], random: Random
) -> None:
    part_count, attempt, parts = batch
    items = list(parts.items())
    random.shuffle(items)
    assert judge(part_count, attempt, dict(items)) == judge(part_count, attempt, parts)


def test_a_bridge_that_reports_nothing_is_known_after_three_batches() -> None:
    assert SILENT_BATCHES == 3


# Pauses


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 1800), (50, 1800)]
)
@pytest.mark.parametrize("reason", [None, "", "ChatWriteForbiddenError: You can't write in this chat"])
def test_each_failure_is_followed_by_a_longer_pause(attempt: int, seconds: int, reason: str | None) -> None:
    assert pause_after(attempt, reason) == timedelta(seconds=seconds)


def test_every_pause_is_used_before_the_end() -> None:
    again = [a for a in range(1, 50) if judge(1, a, {0: Part(attempt=a, status="retriable")}) == "again"]
    assert [pause_after(attempt, None).total_seconds() for attempt in again] == [5, 30, 120, 600, 1800]


@pytest.mark.parametrize("said", [FLOOD, GO_FLOOD], ids=["Python line", "Go line"])
@pytest.mark.parametrize(
    ("attempt", "told", "least"),
    [
        (1, 3, 5),
        (1, 5, 5),
        (1, 90, 90),
        (2, 3, 30),
        (2, 90, 90),
        (3, 90, 120),
        (5, 90, 1800),
        (1, 86400, 86400),
    ],
)
def test_a_wait_that_telegram_asks_for_is_waited_and_no_more(
    said: str, attempt: int, told: int, least: int
) -> None:
    pause = pause_after(attempt, said.format(told))
    assert timedelta(seconds=least) <= pause <= timedelta(seconds=least + 2)


@given(st.integers(1, 10), st.integers(0, 999_999))
def test_no_pause_is_shorter_than_what_was_told_or_than_its_own(attempt: int, told: int) -> None:
    pause = pause_after(attempt, FLOOD.format(told))
    assert pause >= timedelta(seconds=told)
    assert pause >= pause_after(attempt, None)


@given(st.integers(1, 10), st.one_of(st.none(), st.text(), st.integers().map(FLOOD.format)))
def test_whatever_the_reason_says_there_is_a_pause(attempt: int, reason: str | None) -> None:
    assert pause_after(attempt, reason) >= pause_after(attempt, None) >= timedelta(seconds=5)
