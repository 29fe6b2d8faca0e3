"""What a lane carries, and what a batch is for the room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from plugin.domain.model import (
    ANSWERS,
    Batch,
    Moderator,
    can_be_written_to,
    direct_answers_lane,
    direct_lane,
    is_own_lane,
    mark_lane,
    role_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
CUSTOMER = "01KJM1P3G0ZZZZZZZZZZZZZZZZ"
DIRECT = "01KJM1P3G0YYYYYYYYYYYYYYYY"


def batch_of(lane: str) -> Batch:
    return Batch(
        id="BATCH-1",
        lane=lane,
        customer_id=CUSTOMER,
        ticket=1042,
        room_id="!room",
        parts=("x",),
        part_count=1,
        held=False,
        attempt=1,
        tries=0,
        device_id="DEVICE",
        first_tried_at=NOON,
        fence=1,
        created_at=NOON,
    )


@pytest.mark.parametrize(
    ("lane", "own", "role"),
    [
        (CUSTOMER, False, "post"),
        (ANSWERS, True, "answer"),
        (mark_lane(1042), True, "mark"),
        (direct_lane(DIRECT), False, "post"),
        (direct_answers_lane(DIRECT), True, "answer"),
    ],
)
def test_a_lane_is_a_customers_or_carries_answers_or_a_mark(lane: str, own: bool, role: str) -> None:
    assert is_own_lane(lane) is own
    assert role_of(batch_of(lane)) == role


def test_customers_write_to_whom_they_know_by_name_and_matrix_can_reach(
    alice: Moderator, bob: Moderator
) -> None:
    assert can_be_written_to(alice)
    assert can_be_written_to(replace(alice, source="runtime"))
    assert not can_be_written_to(replace(alice, source="admins"))
    assert not can_be_written_to(bob)


def test_each_ticket_has_a_lane_of_its_own_for_its_mark() -> None:
    assert len({mark_lane(number) for number in range(1000, 1200)}) == 200
