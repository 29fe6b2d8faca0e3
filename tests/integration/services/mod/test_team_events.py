"""Whatever is done, by whomever and from wherever, the moderators' streams have it."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from plugin.domain.desk import TeamNote, TicketItem
from plugin.domain.model import ModeratorToken
from plugin.services.health import Health, HealthService
from plugin.services.housekeeping import KEEP_TEAM_EVENTS, Housekeeping
from plugin.services.identity import Proof
from plugin.services.mod.access import Caller
from plugin.services.mod.events import BlockNews, HeldNews, MessageNews, TeamEventService
from plugin.services.mod.health_watch import HealthWatch
from plugin.services.mod.held import HeldDesk
from plugin.services.mod.records import RecordService, Stranger
from stack.conditions import PATIENCE
from tests.integration.services.doors import WALLET

LOG = logging.getLogger("headset.test")


class Told:
    """What was told since the last look."""

    def __init__(self, desk) -> None:
        self._desk, self._after = desk, 0

    async def since(self) -> list[tuple[str, ...]]:
        """Return types, each with its ticket where it has one."""
        rows = await self.rows()
        return [(kind, ticket) if ticket else (kind,) for kind, ticket, _ in rows]

    async def rows(self) -> list[tuple[str, int | None, str | None]]:
        rows = await self._desk.store.look(
            "SELECT number, type, ticket, moderator_id FROM team_event"
            f" WHERE number > {self._after} ORDER BY number"
        )
        self._after = rows[-1][0] if rows else self._after
        return [tuple(row[1:]) for row in rows]


@pytest.fixture
async def told(desk, host) -> Told:
    """Give the teller, which leaves out what the desk began with."""
    told = Told(desk)
    await told.since()
    return told


async def test_a_conversation_from_its_first_word_to_its_end(desk, host, customer, told) -> None:
    await desk.write(host, customer, "Hello", "again")
    assert await told.since() == [
        ("ticket.created", 1001),
        ("message.created", 1001),
        ("message.created", 1001),
    ]
    event = await desk.post(host, customer)
    assert await told.since() == [
        ("message.created", 1001),
        *[("message.delivery", 1001)] * 3,
    ]
    reply = desk.server.reply(desk.alice, event, "An answer")
    await host.inbox.catch_up()
    assert await told.since() == [("message.created", 1001)]
    desk.server.reply(desk.alice, None, "Another", replaces=reply)
    await host.inbox.catch_up()
    assert await told.since() == [("message.edited", 1001)]
    desk.server.add(desk.alice, {"redacts": reply})
    await host.inbox.catch_up()
    assert await told.since() == [("message.deleted", 1001)]
    await desk.order(host, event, "/note Careful")
    assert await told.since() == [("note.created", 1001)]
    await desk.order(host, event, "/assign me")
    assert await told.since() == [("ticket.updated", 1001)]
    await desk.order(host, event, "/close")
    assert await told.since() == [("ticket.updated", 1001)]
    await desk.write(host, customer, "One more thing")
    assert await told.since() == [("message.created", 1001)]


async def test_blocks_are_told_once_each_however_many_they_hold(desk, host, doors, told) -> None:
    """Who signs in under a block has a copy of it; the team knows the two as one."""
    anonymous = await doors.come()
    event = await doors.post(anonymous)
    await told.since()
    await desk.order(host, event, "/block 1h Rude")
    assert await told.since() == [("block.created",)]
    await doors.sign_in(anonymous, WALLET)
    assert "block.created" not in [kind for kind, *_ in await told.since()]
    await desk.order(host, event, "/block 2h")
    assert sorted(await told.since()) == [("block.created",), ("block.lifted",)]
    await desk.order(host, event, "/unblock")
    assert await told.since() == [("block.lifted",)]
    await desk.order(host, event, "/unblock")
    assert await told.since() == []


async def test_what_a_block_holds_and_what_becomes_of_it(desk, host, customer, told) -> None:
    event = await desk.post(host, customer)
    await desk.order(host, event, "/block")
    await told.since()
    await desk.write(host, customer, "kept")
    assert await told.since() == [("message.created", 1001)]
    desk.clock.advance(1)
    held = [batch for batch in (await desk.take(host))[0] if batch.held]
    for batch in held:
        await desk.end(host, batch, "held")
    assert ("message.delivery", 1001) in await told.since()


async def test_held_replies(desk, host, customer, told) -> None:
    event = await desk.post(host, customer)
    await told.since()
    held = desk.server.reply(desk.alice, event, "Please send me your seed phrase")
    await host.inbox.catch_up()
    assert await told.since() == [("reply.held", 1001)]
    await desk.order(host, held, "/release")  # one's own may not be
    assert await told.since() == []
    desk.server.reply(desk.bob, held, "/release")
    await host.inbox.catch_up()
    assert sorted(await told.since()) == [("message.created", 1001), ("reply.released", 1001)]


async def test_strangers(desk, host, customer, told) -> None:
    event = await desk.post(host, customer)
    await told.since()
    desk.server.reply(desk.stranger, event, "I am support")
    await host.inbox.catch_up()
    assert await told.since() == [("stranger.created", 1001)]


async def test_what_is_private_names_the_one_who_may_know(desk, host, customer, told) -> None:
    carol = await desk.moderator(host, "Carol")
    room = await desk.private_room(host, "Carol", customer)
    rows = await told.rows()
    assert {(kind, moderator) for kind, _, moderator in rows} == {
        ("message.created", carol),
        ("message.delivery", carol),
    }
    for text in ("An answer", "/note Mine", "Please send me your seed phrase"):
        desk.server.reply(desk.carol, None, text, room_id=room)
    await host.inbox.catch_up()
    rows = await told.rows()
    assert [kind for kind, *_ in rows] == ["message.created", "note.created", "reply.held"]
    assert {moderator for *_, moderator in rows} == {carol}


async def test_a_message_that_is_taken_back_and_a_customer_who_is_erased(desk, host, doors, told) -> None:
    token = await doors.come()
    await doors.write(token, "one", "two")
    await told.since()
    session = await doors.sessions.find_session(token)
    async with host.database.snapshot() as tx:
        messages = await tx.conversations.list_messages_after(session.customer_id, 0, 10)
    await host.privacy.take_back(session, messages[0].id)
    assert ("message.deleted", 1001) in await told.since()
    await host.privacy.erase(session)
    assert await told.since() == [("ticket.updated", 1001), ("customer.erased",)]


async def test_who_signs_in_and_joins_is_told_by_the_tickets(desk, host, doors, told) -> None:
    device = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(device, "old")
    anonymous = await doors.come()
    await doors.write(anonymous, "new")
    await told.since()
    await doors.sign_in(anonymous, WALLET, joins=True)
    assert {("ticket.updated", 1002), ("customer.joined",)} <= set(await told.since())
    first = await doors.come()
    await doors.write(first, "Hello")
    await told.since()
    await doors.sign_in(first, Proof(identity="user", account="user:7", name="Jane"), joins=True)
    assert ("ticket.updated", 1003) in await told.since()


@pytest.mark.parametrize("blocked", [False, True])
async def test_the_relay_does_as_much_for_who_is_held(desk, host, customer, told, blocked) -> None:
    """Both take a look at the messages and the two statements of the events, so that no time tells."""
    event = await desk.post(host, customer)
    if blocked:
        await desk.order(host, event, "/block")
    await told.since()
    await desk.write(host, customer, "more")
    taken = await told.since()
    desk.clock.advance(1)
    batches, _ = await desk.take(host)
    (batch,) = [batch for batch in batches if batch.customer_id == customer and batch.lane == customer]
    assert batch.held is blocked
    await desk.end(host, batch, "delivered" if blocked else "sent")
    assert taken == [("message.created", 1001)]
    assert await told.since() == [("message.delivery", 1001)]


@pytest.fixture
async def read(desk, host):
    """Give what reads all that a moderator's stream has told so far, as what it is about."""
    health = HealthService(host.database, desk.clock, host.room)
    held = HeldDesk(database=host.database, clock=desk.clock, held=host.held, hub=host.hub, relays={})
    events = TeamEventService(
        database=host.database,
        clock=desk.clock,
        health=health,
        held=held,
        records=RecordService(host.database, lambda: desk.settings),
    )
    async with host.database.transaction() as tx:
        team = {moderator.name: moderator for moderator in await tx.moderators.list_active()}
        for name, one in team.items():
            token = ModeratorToken(
                id=f"token of {name}", moderator=one, created_by=one.id, created_at=desk.clock.now()
            )
            await tx.access.add_token(token, f"hash of {name}")

    async def ask(name: str):
        caller = Caller(token_id=f"token of {name}", moderator=team[name])
        return [one.about for one in (await events.read(caller, 0, 1000)).news]

    return ask


async def test_what_each_is_about_is_read_on_either_engine(desk, host, customer, read) -> None:
    event = await desk.post(host, customer)
    desk.server.reply(desk.alice, event, "An answer")
    desk.server.reply(desk.alice, event, "/note Careful")
    desk.server.reply(desk.alice, event, "Please send me your seed phrase")
    desk.server.reply(desk.alice, event, "/block 1h Rude")
    desk.server.reply(desk.stranger, event, "I am support")
    await host.inbox.catch_up()
    await desk.write_to(host, "Carol", customer, "Psst")
    async with host.database.transaction() as tx:
        tx.team_events.note("health.changed")
    for name, private in (("Alice", 0), ("Carol", 1)):
        about = await read(name)
        (ticket,) = [one for one in about if isinstance(one, TicketItem)]
        assert (ticket.number, ticket.customer.blocked) == (1001, True)
        said = [one for one in about if isinstance(one, MessageNews)]
        assert {one.message.text for one in said} == {"Hello", "An answer"} | ({"Psst"} if private else set())
        assert [one.delivery.state for one in said if one.message.text == "Hello"] == ["sent"] * 2
        (note,) = [one for one in about if isinstance(one, TeamNote)]
        (held,) = [one for one in about if isinstance(one, HeldNews)]
        (block,) = [one for one in about if isinstance(one, BlockNews)]
        (stranger,) = [one for one in about if isinstance(one, Stranger)]
        assert note.text == "Careful"
        assert held.view.entry.text == "Please send me your seed phrase"
        assert (block.entry.block.reason, block.blocked, held.blocked) == ("Rude", True, True)
        assert stranger.reply.text == "I am support"
        assert len([one for one in about if isinstance(one, Health)]) == 1


async def test_health_is_told_when_it_changes(desk, host, told) -> None:
    watch = HealthWatch(host.database, HealthService(host.database, desk.clock, host.room), LOG)
    await watch._look()
    assert await told.since() == [("health.changed",)]
    await watch._look()
    assert await told.since() == []
    customer = await desk.customer(host)
    await desk.write(host, customer, "Hello")
    desk.clock.advance(timedelta(minutes=6))
    await told.since()
    await watch._look()
    assert await told.since() == [("health.changed",)]


async def test_housekeeping_forgets_after_seven_days(desk, host, told) -> None:
    database = host.database
    database._now = desk.clock.now
    housekeeping = Housekeeping(database, desk.clock, lambda: desk.settings, LOG)
    await desk.store.look("DELETE FROM team_event")
    for _ in range(2):
        async with database.transaction() as tx:
            tx.team_events.note("canned.updated")
        desk.clock.advance(1)
    desk.clock.advance(KEEP_TEAM_EVENTS - timedelta(seconds=1))
    assert await housekeeping.worker._turn() > 0
    assert len(await told.rows()) == 1


async def test_more_than_one_go_can_forget_is_gone_on_with_at_once(desk, host) -> None:
    host.database._now = desk.clock.now
    housekeeping = Housekeeping(host.database, desk.clock, lambda: desk.settings, LOG)
    async with host.database.transaction() as tx:
        for number in range(1500):
            tx.team_events.note("canned.updated", object_id=str(number))
    desk.clock.advance(KEEP_TEAM_EVENTS + timedelta(days=400))
    assert await housekeeping.worker._turn() == 0
    assert await housekeeping.worker._turn() > 0
    assert await desk.store.look("SELECT COUNT(*) FROM team_event") == [(0,)]


async def test_intake_closing_and_relay_at_once_come_to_an_end(desk, host, told) -> None:
    """With three hosts on one database; on PostgreSQL a ring of locks would end as an error."""
    desk.configure(join_within=0, per_minute=0)
    hosts = [host]
    if desk.store.engine == "postgresql":
        hosts += [await desk.start_host(await desk.store.open(), f"host {n}") for n in range(2)]
    customers = [await desk.customer(host) for _ in range(6)]
    for customer in customers:
        await desk.write(host, customer, "first")

    async def write(number: int) -> None:
        await desk.write(hosts[number % len(hosts)], customers[number % 6], f"message {number}")

    async def close(number: int) -> None:
        async with hosts[number % len(hosts)].database.transaction() as tx:
            for name in sorted(customers):
                await tx.conversations.add_event(name, "ticket.updated", ticket=1001 + customers.index(name))
                ticket = await tx.tickets.get_by_number(1001 + customers.index(name))
                await tx.tickets.update(ticket)

    async def relay(number: int) -> None:
        one = hosts[number % len(hosts)]
        for batch in (await desk.take(one))[0]:
            await desk.end(one, batch)

    acts = [act(number) for number in range(8) for act in (write, close, relay)]
    await asyncio.wait_for(asyncio.gather(*acts), PATIENCE)
    rows = await desk.store.look("SELECT number FROM team_event ORDER BY number")
    numbers = [number for (number,) in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert {kind for kind, *_ in await told.since()} >= {
        "message.created",
        "ticket.updated",
        "message.delivery",
    }
