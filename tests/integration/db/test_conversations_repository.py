"""Tickets, messages and the numbered events, on both engines."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from plugin.domain.model import Author


async def test_advance_takes_the_next_numbers_of_that_customer_only(database, seed) -> None:
    await seed.customer("c1", name="Zoë", identity="user")
    await seed.customer("c2")
    async with database.transaction() as tx:
        first = await tx.conversations.advance("c1")
        second = await tx.conversations.advance("c1")
        assert await tx.conversations.advance("nobody") is None
    assert (first.last_seq, first.last_event) == (1, 1)
    assert (second.last_seq, second.last_event) == (2, 2)
    async with database.snapshot() as tx:
        assert await tx.sessions.get_customer("c1") == second
        other = await tx.sessions.get_customer("c2")
    assert (other.last_seq, other.last_event) == (0, 0)


async def test_numbers_that_were_not_committed_are_given_again(database, seed) -> None:
    await seed.customer()
    with suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            assert (await tx.conversations.advance("c1")).last_seq == 1
            assert await tx.tickets.take_number() == 1001
            raise ZeroDivisionError
    async with database.transaction() as tx:
        assert (await tx.conversations.advance("c1")).last_seq == 1
        assert await tx.tickets.take_number() == 1001
        assert await tx.tickets.take_number() == 1002


async def test_a_ticket_comes_back_and_is_its_customers_current_one(database, seed, make) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    ticket = make.ticket(1001, "c1", status="closed", opened_at=make.at(9), active_at=make.at(10), score=4)
    async with database.transaction() as tx:
        await tx.tickets.add(ticket)
    async with database.snapshot() as tx:
        assert await tx.tickets.get_by_number(1001) == ticket
        assert await tx.tickets.get_by_number(1002) is None
        assert (await tx.sessions.get_customer("c1")).ticket == 1001
        assert (await tx.sessions.get_customer("c2")).ticket is None


async def test_a_ticket_number_is_used_once(database, seed, make) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    async with database.transaction() as tx:
        await tx.tickets.add(make.ticket(1001, "c1"))
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.tickets.add(make.ticket(1001, "c2"))
    async with database.snapshot() as tx:
        assert (await tx.sessions.get_customer("c2")).ticket is None


async def test_a_message_comes_back_with_every_field(database, seed, make) -> None:
    await seed.customer()
    full = make.message(
        1,
        id="m-full",
        ticket=1007,
        channel="direct",
        author=Author(kind="moderator", id="mod-1", name="Alice 🦊", verified=True),
        text="Line\nline\ttab · ‘quotes’ · '; DROP TABLE message; -- $1 ?1 :x @y 中文 \U0001f9d1\u200d",
        reply_to="m-other",
        client_id="client",
        created_at=make.at(1),
    )
    bare = make.message(
        2,
        id="m-bare",
        ticket=None,
        author=Author(kind="system", id="sys", name=None, verified=False),
        text="",
        reply_to=None,
        client_id=None,
    )
    async with database.transaction() as tx:
        await tx.conversations.add_message(full, 1)
        await tx.conversations.add_message(bare, 2)
    async with database.snapshot() as tx:
        assert await tx.conversations.list_messages_after("c1", 0, 10) == [full, bare]
        assert await tx.conversations.get_message_by_client_id("c1", "client") == full
        events = await tx.conversations.list_events_after("c1", 0, 10)
    assert [(e.number, e.type, e.message) for e in events] == [
        (1, "message.created", full),
        (2, "message.created", bare),
    ]


async def test_a_client_id_is_its_customers_own(database, seed, make) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    first, second = make.message(1, "c1", client_id="same"), make.message(1, "c2", client_id="same")
    async with database.transaction() as tx:
        await tx.conversations.add_message(first, 1)
        await tx.conversations.add_message(second, 1)
    async with database.snapshot() as tx:
        assert await tx.conversations.get_message_by_client_id("c1", "same") == first
        assert await tx.conversations.get_message_by_client_id("c2", "same") == second
        assert await tx.conversations.get_message_by_client_id("c1", "other") is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_id": "client-c1-1"}, id="client id"),
        pytest.param({"seq": 1}, id="seq"),
        pytest.param({"id": "m-c1-1"}, id="id"),
        pytest.param({"customer_id": "nobody"}, id="no such customer"),
    ],
)
async def test_a_message_that_contradicts_what_is_stored_is_refused(database, seed, make, changes) -> None:
    await seed.customer()
    (stored,) = await seed.messages(1)
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.conversations.add_message(replace(make.message(2), **changes), 2)
    async with database.snapshot() as tx:
        assert await tx.conversations.list_messages_after("c1", 0, 10) == [stored]


async def test_many_messages_may_be_without_a_client_id(database, seed) -> None:
    await seed.customer()
    await seed.messages(3, client_id=None)
    async with database.snapshot() as tx:
        assert len(await tx.conversations.list_messages_after("c1", 0, 10)) == 3


async def test_an_event_number_is_used_once_a_conversation(database, seed, make) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    async with database.transaction() as tx:
        await tx.conversations.add_message(make.message(1, "c1"), 1)
        await tx.conversations.add_message(make.message(1, "c2"), 1)
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.conversations.add_message(make.message(2, "c1"), 1)


async def test_pages_forward(database, seed) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    await seed.messages(12, "c1")
    await seed.messages(3, "c2")

    async def page(customer: str, after: int, limit: int) -> list[int]:
        async with database.snapshot() as tx:
            found = await tx.conversations.list_messages_after(customer, after, limit)
        assert {message.customer_id for message in found} <= {customer}
        return [message.seq for message in found]

    assert await page("c1", 0, 5) == [1, 2, 3, 4, 5]
    assert await page("c1", 8, 5) == [9, 10, 11, 12]
    assert await page("c1", 12, 5) == []
    assert await page("c2", 0, 50) == [1, 2, 3]


async def test_pages_backward_are_oldest_first_and_end_before_the_mark(database, seed) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    await seed.messages(12, "c1")
    await seed.messages(3, "c2")

    async def page(customer: str, before: int, limit: int) -> list[int]:
        async with database.snapshot() as tx:
            found = await tx.conversations.list_messages_before(customer, before, limit)
        assert {message.customer_id for message in found} <= {customer}
        return [message.seq for message in found]

    assert await page("c1", 13, 5) == [8, 9, 10, 11, 12]
    assert await page("c1", 8, 5) == [3, 4, 5, 6, 7]
    assert await page("c1", 3, 5) == [1, 2]
    assert await page("c1", 1, 5) == []
    assert await page("c2", 100, 50) == [1, 2, 3]


async def test_events_come_in_order_after_a_number_and_up_to_a_limit(database, seed) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    await seed.messages(11, "c1")
    await seed.messages(2, "c2")

    async def numbers(after: int, limit: int) -> list[tuple[int, str]]:
        async with database.snapshot() as tx:
            found = await tx.conversations.list_events_after("c1", after, limit)
        return [(event.number, event.message.text) for event in found]

    assert await numbers(0, 3) == [(1, "text 1"), (2, "text 2"), (3, "text 3")]
    assert await numbers(9, 10) == [(10, "text 10"), (11, "text 11")]
    assert await numbers(11, 10) == []
