"""What moderators change of tickets at the console, while others do something at the same time."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest

from plugin.domain.errors import Conflict
from plugin.domain.model import Moderator, Target
from plugin.services.answers import AnswerService
from plugin.services.mod.replies import ReplyDesk
from plugin.services.mod.tickets import TicketChange, TicketDesk, lock_ticket
from plugin.services.ticket_acts import TicketActs
from plugin.services.tickets import TicketService

TICKET = 1001


@pytest.fixture
def tickets(desk, host) -> TicketService:
    return TicketService(host.database, desk.clock, host.hub, lambda: desk.settings, desk.log)


@pytest.fixture
def acts(desk, tickets) -> TicketActs:
    return TicketActs(desk.clock, tickets)


@pytest.fixture
def console(desk, host, acts) -> TicketDesk:
    """Give the console's way to tickets."""
    return TicketDesk(database=host.database, clock=desk.clock, acts=acts, hub=host.hub)


@pytest.fixture
def replies(desk, host, held, tickets, acts) -> ReplyDesk:
    """Give the console's way to customers."""
    return ReplyDesk(
        database=host.database,
        clock=desk.clock,
        answers=AnswerService(desk.clock, tickets),
        held=host.held,
        held_desk=held,
        acts=acts,
        hub=host.hub,
        relays={"team": host.relay.worker, "direct": host.direct_relay.worker},
    )


@pytest.fixture
async def alice(team) -> Moderator:
    return await team("Alice")


@pytest.fixture
async def browser(doors) -> str:
    """Give the token of somebody who has written."""
    token: str = await doors.come()
    await doors.write(token, "Hello")
    return token


async def _during(desk: Any, step: Any, *, under_lock: Any) -> None:
    """Begin a step while a transaction is open that then does something and ends before the step."""
    task: asyncio.Task[Any]

    async def waits() -> bool:
        if desk.store.engine == "sqlite":
            return True  # the transaction itself keeps others out
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(await desk.store.look(query))

    async with under_lock() as act:
        task = asyncio.create_task(step())
        await desk.eventually(waits, "the other one waits")
        await act()
    await task


async def _ticket(host: Any) -> Any:
    async with host.database.snapshot() as tx:
        return await tx.tickets.get_by_number(TICKET)


class Assigning:
    """Alice takes a ticket, in a transaction that is open for a while."""

    def __init__(self, host: Any, acts: TicketActs, alice: Moderator) -> None:
        self._host, self._acts, self._alice = host, acts, alice

    async def __aenter__(self) -> Any:
        self._transaction = self._host.database.transaction()
        tx = await self._transaction.__aenter__()
        ticket = await lock_ticket(tx, TICKET)

        async def act() -> None:
            await self._acts.assign(tx, self._alice, ticket, self._alice)

        return act

    async def __aexit__(self, *error: Any) -> None:
        await self._transaction.__aexit__(*error)


async def test_what_a_customer_does_at_the_same_time_undoes_nothing(
    desk, host, doors, browser, tickets, acts, alice
) -> None:
    session = await doors.sessions.find_session(browser)
    await _during(
        desk,
        lambda: tickets.close_by_customer(session, TICKET),
        under_lock=lambda: Assigning(host, acts, alice),
    )
    ticket = await _ticket(host)
    assert (ticket.status, ticket.assignee) == ("closed", alice.id)
    async with host.database.transaction() as tx:
        await acts.assign(tx, alice, await lock_ticket(tx, TICKET), None)
    await _during(
        desk,
        lambda: tickets.rate(session, TICKET, 5, None),
        under_lock=lambda: Assigning(host, acts, alice),
    )
    ticket = await _ticket(host)
    assert (ticket.score, ticket.assignee) == (5, alice.id)


async def test_what_is_closed_by_time_keeps_who_takes_care_of_it(
    desk, host, browser, tickets, acts, alice
) -> None:
    desk.clock.advance(desk.settings.tickets.close_after + timedelta(seconds=1))
    await _during(desk, tickets._close_idle, under_lock=lambda: Assigning(host, acts, alice))
    ticket = await _ticket(host)
    assert (ticket.status, ticket.assignee) == ("closed", alice.id)


async def test_what_is_answered_in_the_last_moment_is_not_closed_by_time(
    desk, host, browser, tickets, acts, alice
) -> None:
    desk.clock.advance(desk.settings.tickets.close_after + timedelta(seconds=1))

    class Open:
        async def __aenter__(self) -> Any:
            self._transaction = host.database.transaction()
            tx = await self._transaction.__aenter__()
            await lock_ticket(tx, TICKET)
            return lambda: tickets.touch(tx, TICKET, desk.clock.now())

        async def __aexit__(self, *error: Any) -> None:
            await self._transaction.__aexit__(*error)

    await _during(desk, tickets._close_idle, under_lock=Open)
    assert (await _ticket(host)).status == "open"


async def test_of_a_customer_who_is_erased_nothing_is_changed(
    desk, host, doors, browser, console, alice
) -> None:
    await host.privacy.erase(await doors.sessions.find_session(browser))
    for wish in (
        TicketChange(status="open"),
        TicketChange(tags=("jane",)),
        TicketChange(assignee=alice.id),
    ):
        with pytest.raises(Conflict):
            await console.change(TICKET, alice, wish)
    assert (await _ticket(host)).status == "closed"


async def test_tags_are_forgotten_with_their_customer(desk, host, doors, browser, console, alice) -> None:
    await console.change(TICKET, alice, TicketChange(tags=("jane doe",)))
    await host.privacy.erase(await doors.sessions.find_session(browser))
    assert await desk.store.look("SELECT tags FROM ticket") == [("[]",)]
    assert "jane" not in str(await desk.store.look("SELECT target, detail FROM audit"))


async def test_a_note_under_the_same_id_about_somebody_else_is_another(
    desk, host, doors, browser, replies, team
) -> None:
    carol, client_id = await team("Carol"), str(uuid.uuid4())
    other = await doors.come()
    noted = []
    for token in (browser, other):
        customer = await doors.who(token)
        async with host.database.transaction() as tx:
            direct = await host.intake._directs.open(tx, customer.id, carol.id, desk.clock.now())
        noted.append((customer.id, direct.id))

    async def note(customer_id: str, direct_id: str) -> bool:
        target = Target(customer_id=customer_id, ticket=None, message_id=None, direct_id=direct_id)
        async with host.database.transaction() as tx:
            return (await replies.note(tx, carol, target, client_id, "Call back"))[1]

    assert await note(*noted[0])
    assert not await note(*noted[0])
    with pytest.raises(Conflict):
        await note(*noted[1])


async def test_erasing_tells_the_team_that_what_was_held_is_not(
    desk, host, doors, browser, replies, alice
) -> None:
    said = await replies.answer(alice, TICKET, str(uuid.uuid4()), "Please send me your seed phrase")
    assert said.held is not None
    async with host.database.snapshot() as tx:
        last = await tx.team_events.get_last()
    await host.privacy.erase(await doors.sessions.find_session(browser))
    async with host.database.snapshot() as tx:
        page = await tx.team_events.read(last, 50)
    told = [(event.type, event.object_id) for _, event in page.events]
    assert ("reply.dropped", said.held.entry.id) in told
