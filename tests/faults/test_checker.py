"""The checker sees whatever is wrong, on each side; a run in which it can't is worth nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.checker import (
    Evidence,
    RoomPost,
    Seen,
    Token,
    Written,
    count,
    message_token,
    reply_token,
)
from tests.faults.plan import Counts

TICKETS = (1000, 1001)
TOKENS = [[Token(crowd=7, customer=customer, number=n) for n in range(3)] for customer in range(2)]
WRITTEN = [
    Written(messages=tokens, replies=tokens[:2], tickets={ticket})
    for tokens, ticket in zip(TOKENS, TICKETS, strict=True)
]
LOST, DOUBLE, SWAPPED, ASTRAY = (
    Counts(lost=1),
    Counts(double=1),
    Counts(out_of_order=1),
    Counts(misdelivered=1),
)


def heading(customer: int, text: str) -> str:
    return f"#{TICKETS[customer]} · anonymous\n{text}"


def conversation(customer: int) -> list[str]:
    """Two messages, an answer to each, and another message."""
    said = [message_token(token) for token in TOKENS[customer]]
    answers = [reply_token(token) for token in TOKENS[customer][:2]]
    return [*said[:2], *answers, f"{said[2]} and more"]


def group() -> list[str]:
    """All in the group, the last two messages of each customer joined in one post."""
    return [
        heading(customer, text)
        for customer in range(2)
        for text in (
            message_token(TOKENS[customer][0]),
            "\n".join(message_token(token) for token in TOKENS[customer][1:]),
        )
    ]


def room(texts: Sequence[str]) -> list[RoomPost]:
    return [RoomPost(batch=f"b{n}", attempt=1, part=0, text=text) for n, text in enumerate(texts)]


def evidence(*, bridged: bool = True) -> Evidence:
    return Evidence(
        telegram=group() if bridged else None,
        room=room(group()),
        customers=[Seen(stream=conversation(n), history=conversation(n)) for n in range(2)],
    )


def swap(texts: Sequence[str], at: int) -> list[str]:
    return [*texts[:at], texts[at + 1], texts[at], *texts[at + 2 :]]


SAID = conversation(1)


@pytest.mark.parametrize("bridged", [True, False])
def test_what_is_well_counts_nothing(bridged: bool) -> None:
    assert count(WRITTEN, evidence(bridged=bridged)) == Counts()


@pytest.mark.parametrize("side", ["stream", "history"])
@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param(SAID[1:], LOST, id="a lost message"),
        pytest.param(SAID[:2] + SAID[3:], LOST, id="a lost reply"),
        pytest.param([*SAID, SAID[0]], DOUBLE, id="a double message"),
        pytest.param([*SAID, SAID[2]], DOUBLE, id="a double reply"),
        pytest.param(swap(SAID, 0), SWAPPED, id="swapped messages"),
        pytest.param(swap(SAID, 2), SWAPPED, id="swapped replies"),
        pytest.param(swap(SAID, 1), SWAPPED, id="a reply that overtook a message"),
        pytest.param([*SAID, message_token(TOKENS[0][2])], ASTRAY, id="somebody else's message"),
        pytest.param([*SAID, reply_token(TOKENS[0][0])], ASTRAY, id="a reply to somebody else"),
        pytest.param([*SAID, "[7.1.9]"], ASTRAY, id="what was no reply"),
    ],
)
def test_one_wrong_on_a_customers_side_is_seen(side: str, texts: list[str], found: Counts) -> None:
    whole = evidence()
    wrong: dict[str, Any] = {side: texts}
    seen = replace(whole.customers[1], **wrong)
    assert count(WRITTEN, replace(whole, customers=[whole.customers[0], seen])) == found


def test_a_message_that_was_stored_before_an_earlier_one_is_seen() -> None:
    assert count([replace(WRITTEN[0], overtaken=1), WRITTEN[1]], evidence()) == SWAPPED


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param(group()[1:], LOST, id="lost"),
        pytest.param([*group(), group()[0]], DOUBLE, id="double"),
        pytest.param(swap(group(), 0), SWAPPED, id="swapped"),
        pytest.param([group()[0].replace("#1000", "#1001"), *group()[1:]], ASTRAY, id="under another ticket"),
        pytest.param([message_token(TOKENS[0][0]), *group()[1:]], ASTRAY, id="without a heading"),
    ],
)
def test_one_wrong_in_telegram_is_seen(texts: list[str], found: Counts) -> None:
    assert count(WRITTEN, replace(evidence(), telegram=texts)) == found


def test_a_post_of_two_customers_misleads_about_both() -> None:
    first, second, *rest = group()
    mixed = [f"{first}\n{message_token(TOKENS[1][0])}", second, *rest[1:]]
    assert count(WRITTEN, replace(evidence(), telegram=mixed)) == Counts(misdelivered=2)


def test_without_a_bridge_the_room_is_looked_at() -> None:
    whole = evidence(bridged=False)
    assert count(WRITTEN, replace(whole, room=whole.room[1:])) == LOST
    assert count(WRITTEN, replace(whole, room=whole.room[1::-1] + whole.room[2:])) == SWAPPED


@pytest.mark.parametrize("bridged", [True, False])
@pytest.mark.parametrize("batch", ["b0", "another"])
def test_a_second_event_in_the_room_is_double_though_telegram_shows_one(bridged: bool, batch: str) -> None:
    whole = evidence(bridged=bridged)
    again = replace(whole.room[0], batch=batch)
    assert count(WRITTEN, replace(whole, room=[*whole.room, again])) == DOUBLE


@pytest.mark.parametrize("bridged", [True, False])
def test_a_further_attempt_at_a_batch_is_not_double(bridged: bool) -> None:
    whole = evidence(bridged=bridged)
    again = replace(whole.room[0], attempt=2)
    assert count(WRITTEN, replace(whole, room=[*whole.room, again])) == Counts()


def test_what_the_team_was_shown_as_failed_need_not_be_in_telegram_and_may_not_be_there_twice() -> None:
    failed, whole = TOKENS[0][0], evidence()
    assert count(WRITTEN, replace(whole, telegram=group()[1:]), excused={failed}) == Counts()
    assert count(WRITTEN, whole, excused={failed}) == Counts()
    assert count(WRITTEN, replace(whole, telegram=[group()[0], *group()]), excused={failed}) == DOUBLE
    assert count(WRITTEN, replace(whole, telegram=[group()[0], *group()[2:]]), excused={failed}) == Counts(
        lost=2
    )
