"""How much may go to the group now."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from plugin.domain.pace import Budget

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("sizes", "on_their_way", "fits"),
    [
        ([], 0, 20),
        ([1, 1, 1], 0, 17),
        ([3, 2], 0, 15),
        ([], 4, 16),
        ([10, 5], 4, 1),
        ([10, 10], 0, 0),
        ([20, 5], 3, 0),
    ],
)
def test_what_was_sent_and_what_is_on_its_way_take_their_posts(
    sizes: list[int], on_their_way: int, fits: int
) -> None:
    sent = [(NOON + timedelta(seconds=i), size) for i, size in enumerate(sizes)]
    budget = Budget(batches=100, per_minute=20, sent=sent, on_their_way=on_their_way)
    assert sum(budget.take(1) for _ in range(30)) == fits
    assert budget.is_spent


def test_a_turn_takes_no_more_batches_than_it_may() -> None:
    budget = Budget(batches=2, per_minute=20)
    assert [budget.take(1), budget.take(1), budget.take(1)] == [True, True, False]
    assert not budget.is_spent


def test_without_pacing_only_the_batches_count() -> None:
    budget = Budget(batches=50, per_minute=0)
    assert sum(budget.take(3) for _ in range(60)) == 50
    assert not budget.is_spent


def test_what_is_held_takes_no_post() -> None:
    budget = Budget(batches=3, per_minute=1, sent=[(NOON, 1)])
    assert not budget.take(1)
    assert budget.take(0)


def test_a_batch_larger_than_a_minute_waits_for_an_empty_one() -> None:
    assert not Budget(batches=1, per_minute=2, sent=[(NOON, 1)]).take(3)
    assert Budget(batches=1, per_minute=2).take(3)


def test_a_large_batch_does_not_exceed_what_is_left() -> None:
    budget = Budget(batches=3, per_minute=5)
    assert [budget.take(3), budget.take(3), budget.take(2)] == [True, False, True]


def test_the_next_is_free_when_the_oldest_is_a_minute_old() -> None:
    sent = [(NOON, 3), (NOON + timedelta(seconds=5), 1)]
    assert Budget(batches=1, per_minute=4, sent=sent).next_free_at == NOON + timedelta(minutes=1)
    assert Budget(batches=1, per_minute=4, on_their_way=4).next_free_at is None
