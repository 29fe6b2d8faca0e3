"""A customer's message comes in: once, numbered without gaps, with its ticket and its way to the room."""

from __future__ import annotations

import asyncio

import pytest

from plugin.domain.errors import Conflict, TextEmpty, TextTooLong, Unauthorized, Unavailable
from plugin.domain.model import Author, OutboxRow


async def _counts(store) -> tuple[int, int, int, int]:
    ((messages, events, rows, tickets),) = await store.look(
        "SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM conversation_event),"
        " (SELECT COUNT(*) FROM outbox), (SELECT COUNT(*) FROM ticket)"
    )
    return messages, events, rows, tickets


async def test_a_message_is_stored_with_its_event_its_ticket_and_its_outbox_row(desk, host, customer) -> None:
    message, is_new = await host.intake.take_message(customer, "id-1", "  Hello\r\nthere  ")
    assert is_new
    assert message.text == "Hello\nthere"
    assert message.author == Author(kind="customer", id=customer, name=None)
    assert (message.seq, message.ticket, message.channel, message.client_id) == (1, 1001, "team", "id-1")
    assert message.created_at == desk.clock.now()
    assert await desk.conversation(host, customer) == [("customer", "Hello\nthere")]
    async with host.database.snapshot() as tx:
        ticket = await tx.tickets.get_by_number(1001)
        assert (ticket.customer_id, ticket.status, ticket.opened_at) == (customer, "open", desk.clock.now())
        assert await tx.outbox.list_rows(customer, 10) == [
            OutboxRow(
                id=message.id,
                lane=customer,
                customer_id=customer,
                ticket=1001,
                text="Hello\nthere",
                created_at=message.created_at,
            )
        ]


async def test_the_same_client_id_again_is_the_same_message(desk, host, customer) -> None:
    first, _ = await host.intake.take_message(customer, "id-1", "Hello")
    desk.clock.advance(5)
    again, is_new = await host.intake.take_message(customer, "id-1", "Hello")
    assert (again, is_new) == (first, False)
    assert await _counts(desk.store) == (1, 1, 1, 1)


async def test_ten_of_one_client_id_at_once_are_one_message(desk, host, customer) -> None:
    hosts = [host]
    if desk.store.engine == "postgresql":
        hosts.append(await desk.start_host(await desk.store.open(), "another"))
    results = await asyncio.gather(
        *(hosts[i % len(hosts)].intake.take_message(customer, "id-1", "Hello") for i in range(10))
    )
    assert len({message.id for message, _ in results}) == 1
    assert sum(is_new for _, is_new in results) == 1
    assert await _counts(desk.store) == (1, 1, 1, 1)


async def test_a_repeat_burns_no_numbers(desk, host, customer) -> None:
    await host.intake.take_message(customer, "id-1", "one")
    for _ in range(3):
        await host.intake.take_message(customer, "id-1", "one")
    message, _ = await host.intake.take_message(customer, "id-2", "two")
    assert message.seq == 2
    assert await desk.conversation(host, customer) == [("customer", "one"), ("customer", "two")]
    other = await desk.customer(host)
    message, _ = await host.intake.take_message(other, "id-1", "one")
    assert message.ticket == 1002


async def test_a_client_id_given_to_another_text_is_a_conflict_and_burns_no_numbers(
    desk, host, customer
) -> None:
    await host.intake.take_message(customer, "id-1", "one")
    with pytest.raises(Conflict):
        await host.intake.take_message(customer, "id-1", "another")
    assert await _counts(desk.store) == (1, 1, 1, 1)
    message, _ = await host.intake.take_message(customer, "id-2", "two")
    assert message.seq == 2


async def test_a_customer_has_one_ticket_made_by_the_first_message(desk, host) -> None:
    customers = [await desk.customer(host) for _ in range(4)]
    assert (await _counts(desk.store))[3] == 0
    results = await asyncio.gather(
        *(host.intake.take_message(c, f"id-{i}", f"text {i}") for i in range(5) for c in customers)
    )
    by_customer = {c: {m.ticket for m, _ in results if m.customer_id == c} for c in customers}
    assert sorted(number for (number,) in by_customer.values()) == [1001, 1002, 1003, 1004]
    assert (await _counts(desk.store))[3] == 4
    for c in customers:
        assert len(await desk.conversation(host, c)) == 5


async def test_many_at_once_get_numbers_in_the_order_of_their_commits(desk, host, customer) -> None:
    await asyncio.gather(*(host.intake.take_message(customer, f"id-{i}", f"text {i}") for i in range(20)))
    conversation = await desk.conversation(host, customer)
    assert len(conversation) == 20
    async with host.database.snapshot() as tx:
        waiting = [row.text for row in await tx.outbox.list_rows(customer, 100)]
    assert waiting == [text for _, text in conversation]


@pytest.mark.parametrize(
    ("text", "error"), [("", TextEmpty), (" \n\u200b\u202e ", TextEmpty), ("x" * 4001, TextTooLong)]
)
async def test_a_text_that_can_not_be_taken_leaves_nothing(desk, host, customer, text, error) -> None:
    with pytest.raises(error):
        await host.intake.take_message(customer, "id-1", text)
    assert await _counts(desk.store) == (0, 0, 0, 0)


async def test_the_longest_text_is_taken(desk, host, customer) -> None:
    message, _ = await host.intake.take_message(customer, "id-1", "🦊" * 4000)
    assert message.text == "🦊" * 4000


async def test_a_customer_who_is_not_there_is_unauthorized(desk, host) -> None:
    with pytest.raises(Unauthorized):
        await host.intake.take_message("nobody", "id-1", "Hello")
    assert await _counts(desk.store) == (0, 0, 0, 0)


async def test_a_new_message_wakes_the_streams_and_a_repeat_does_not(desk, host, customer) -> None:
    woken: list[str | None] = []
    host.hub.listen(woken.append)
    await host.intake.take_message(customer, "id-1", "Hello")
    assert customer in woken
    woken.clear()
    await host.intake.take_message(customer, "id-1", "Hello")
    assert customer not in woken


async def test_what_is_not_stored_is_not_acknowledged(desk, host, customer, monkeypatch) -> None:
    """No false 201: a full disk is told as such, and the same request works later."""
    if desk.store.engine == "postgresql":
        connection = await desk.store.connect()
        await connection.execute("BEGIN; LOCK TABLE outbox")
        task = asyncio.create_task(host.intake.take_message(customer, "id-1", "Hello"))
        await desk.eventually(lambda: _waits_for_lock(desk.store), "the intake waits")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )
        with pytest.raises(Unavailable):
            await task
        await connection.close()
    else:
        async with desk.store.inner.acquire_direct() as conn:
            await conn.execute("PRAGMA query_only = 1")
        with pytest.raises(Unavailable):
            await host.intake.take_message(customer, "id-1", "Hello")
        async with desk.store.inner.acquire_direct() as conn:
            await conn.execute("PRAGMA query_only = 0")
    assert await _counts(desk.store) == (0, 0, 0, 0)
    message, is_new = await host.intake.take_message(customer, "id-1", "Hello")
    assert is_new
    assert (message.seq, message.ticket) == (1, 1001)


async def _waits_for_lock(store) -> bool:
    return bool(await store.look("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
