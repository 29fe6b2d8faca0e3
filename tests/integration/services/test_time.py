"""What passing time does: tickets close, ended blocks are forgotten, addresses are covered for a while."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.domain.model import Challenge, Moderator, ModeratorCode, Session
from plugin.services.housekeeping import KEEP_CHALLENGES, KEEP_CODES, KEEP_EVENTS
from stack.conditions import until
from tests.integration.services.office import Office
from tests.integration.services.settings import make_settings

DAY = timedelta(days=1)


@pytest.fixture
def office(database: Any, clock: Any) -> Office:
    return Office(database, clock, make_settings())


def with_policy(office: Office, policy: Any, reopen_within: timedelta = 2 * DAY) -> None:
    rules = replace(office.settings.tickets, policy=policy, reopen_within=reopen_within)
    office.settings = replace(office.settings, tickets=rules)


async def close_idle(office: Office) -> float:
    return await office.tickets.worker._turn()


async def test_a_ticket_closes_after_its_time_without_a_message_and_not_sooner(office: Office) -> None:
    quiet, busy = await office.open_customer(), await office.open_customer()
    first, second = await office.write(quiet), await office.write(busy)
    office.clock.advance(6 * DAY)
    await office.write(busy)
    office.clock.advance(DAY - timedelta(seconds=1))
    assert await close_idle(office) == 1.0
    assert await office.status(first) == "open"
    office.clock.advance(1)
    await close_idle(office)
    assert (await office.status(first), await office.status(second)) == ("closed", "open")
    async with office.database.snapshot() as tx:
        events = await tx.conversations.list_events_after(quiet, 0, 10)
    assert [event.type for event in events] == ["message.created", "ticket.updated"]


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_ticket_that_closes_while_its_customer_writes_waits_for_the_customer(
    office: Office, store: Any
) -> None:
    """With a lock of the ticket in its hand it would wait for ever, and so would the customer."""
    customer = await office.open_customer()
    number = await office.write(customer)
    office.clock.advance(7 * DAY)

    async def waits() -> bool:
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return closing.done() or bool(await store.look(waiting))

    async with office.database.transaction() as tx:
        await tx.conversations.advance(customer)
        closing = asyncio.create_task(close_idle(office))
        await until(waits, "the closing waits", every=0.005)
        ticket = await tx.tickets.get_by_number(number)
        await tx.tickets.update(replace(ticket, active_at=office.clock.now()))
    await closing


async def test_without_a_time_no_ticket_closes(office: Office) -> None:
    rules = replace(office.settings.tickets, close_after=timedelta())
    office.settings = replace(office.settings, tickets=rules)
    number = await office.write(await office.open_customer())
    office.clock.advance(1000 * DAY)
    await close_idle(office)
    assert await office.status(number) == "open"


async def test_one_number_a_customer_is_opened_again_however_late(office: Office) -> None:
    customer = await office.open_customer()
    number = await office.write(customer)
    office.clock.advance(8 * DAY)
    await close_idle(office)
    office.clock.advance(300 * DAY)
    assert await office.write(customer) == number
    assert await office.status(number) == "open"


async def test_one_number_a_case_is_opened_again_for_a_while_and_never_given_twice(office: Office) -> None:
    with_policy(office, "per_case")
    customer = await office.open_customer()
    numbers = [await office.write(customer)]
    for wait in (2 * DAY, 2 * DAY + timedelta(milliseconds=1), 3 * DAY):
        office.clock.advance(7 * DAY)
        await close_idle(office)
        office.clock.advance(wait)
        numbers.append(await office.write(customer))
    assert numbers == [1001, 1001, 1002, 1003]
    assert await office.status(1002) == "closed"


async def test_an_ended_block_is_forgotten_after_its_time_and_one_in_force_never(office: Office) -> None:
    customer = await office.open_customer()
    await office.block(customer, DAY)
    forever = await office.block(customer, None)
    office.clock.advance(office.settings.block_habits.keep_ended + DAY)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        assert len(await tx.blocks.list_not_over_before(customer, office.clock.now() - 100 * DAY)) == 2
    office.clock.advance(1)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        left = await tx.blocks.list_not_over_before(customer, office.clock.now() - 200 * DAY)
    assert [block.id for block in left] == [forever.id]


async def test_what_came_early_is_forgotten_in_the_end(office: Office) -> None:
    async with office.database.transaction() as tx:
        sent_at = office.clock.now()
        await tx.records.add_early_change("$edit", target="$x", sender="@a:b", text="new", sent_at=sent_at)
    office.clock.advance(KEEP_EVENTS)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        assert len(await tx.records.list_early_changes("$x")) == 1
    office.clock.advance(1)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        assert await tx.records.list_early_changes("$x") == []


async def test_a_challenge_is_forgotten_after_its_end(office: Office) -> None:
    customer = await office.open_customer()
    session = Session(id="s", customer_id=customer, created_at=office.clock.now(), ended_at=None)
    async with office.database.transaction() as tx:
        await tx.sessions.add_session(session, "h", None, None)
        await tx.identities.add_challenge(
            Challenge(
                nonce="n",
                session_id="s",
                origin="https://app.example.org",
                account="eip155:1:0x",
                message="…",
                expires_at=office.clock.now(),
            )
        )
    office.clock.advance(KEEP_CHALLENGES)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        assert await tx.identities.get_challenge("n") is not None
    office.clock.advance(0.001)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        assert await tx.identities.get_challenge("n") is None


async def test_a_moderator_s_code_is_kept_until_its_post_is_surely_found(office: Office) -> None:
    now = office.clock.now()
    alice = Moderator(id="m1", name="Alice", role="moderator", telegram_id=1, mxid=None)
    code = ModeratorCode(code_hash="h", moderator_id="m1", created_by="@root", expires_at=now, room_id="!r")
    async with office.database.transaction() as tx:
        await tx.moderators.add(alice)
        await tx.access.add_code(code, now)
    office.clock.advance(KEEP_CODES)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        assert await tx.access.list_codes_without_post(office.clock.now()) == [code]
    office.clock.advance(0.001)
    await office.housekeeping.worker._turn()
    async with office.database.snapshot() as tx:
        assert await tx.access.list_codes_without_post(office.clock.now()) == []


async def test_a_block_covers_new_customers_of_its_address_for_its_time_where_asked(office: Office) -> None:
    habits = replace(office.settings.block_habits, cover_address=True)
    office.settings = replace(office.settings, block_habits=habits)
    earlier = await office.open_customer("192.0.2.1")
    blocked = await office.open_customer("192.0.2.1")
    office.clock.advance(1)
    await office.block(blocked, DAY)
    office.clock.advance(1)
    later, elsewhere = await office.open_customer("192.0.2.1"), await office.open_customer("192.0.2.2")
    unknown = await office.open_customer("")
    held = [await office.is_held(customer) for customer in (blocked, later, earlier, elsewhere, unknown)]
    assert held == [True, True, False, False, False]
    office.clock.advance(DAY)
    assert not await office.is_held(later)


async def test_without_being_asked_no_block_covers_an_address(office: Office) -> None:
    await office.block(await office.open_customer("192.0.2.1"), DAY)
    office.clock.advance(1)
    assert not await office.is_held(await office.open_customer("192.0.2.1"))


async def test_a_block_is_carried_along_when_a_customer_goes_on_under_another_identity(
    office: Office,
) -> None:
    before, after = await office.open_customer(), await office.open_customer()
    await office.block(before, DAY)
    async with office.database.transaction() as tx:
        await tx.blocks.carry(before, after, office.clock.now(), lambda: "copy")
    assert await office.is_held(after)
    # What was written under the former identity may still wait to be sent.
    assert await office.is_held(before)
