"""What strangers can make grow is forgotten in time, and nothing that somebody said goes with it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from plugin.db.database import Database
from plugin.domain.errors import Unauthorized
from plugin.domain.model import Challenge, Customer, Moderator, RoomEvent, Session
from plugin.services.conversations import ConversationService
from plugin.services.housekeeping import (
    KEEP_CHALLENGES,
    KEEP_ENDED_SESSIONS,
    KEEP_EVENTS,
    KEEP_FOR_REVIEW,
    KEEP_SILENT,
)
from plugin.services.ids import new_ulid
from stack.conditions import PATIENCE
from tests.integration.services.office import Office
from tests.integration.services.settings import make_settings

MOMENT = timedelta(seconds=1)


@pytest.fixture
def office(database: Any, clock: Any) -> Office:
    return Office(database, clock, make_settings())


async def keep_house(office: Office, length: timedelta) -> None:
    """Let time pass, and housekeeping do all that it has to."""
    office.clock.advance(length)
    while await office.housekeeping.worker._turn() == 0.0:
        pass


async def count(store: Any, table: str) -> int:
    ((number,),) = await store.look(f"SELECT COUNT(*) FROM {table}")
    return int(number)


async def come(office: Office) -> tuple[str, Session]:
    token, visit = await office.sessions.open_session("en", "https://app.example.org/", "192.0.2.1")
    return token, visit.session


async def test_whoever_never_wrote_is_forgotten(office: Office, store: Any) -> None:
    tokens = [(await come(office))[0] for _ in range(250)]
    await keep_house(office, KEEP_SILENT)
    assert await count(store, "customer") == 250
    await keep_house(office, MOMENT)
    assert (await count(store, "customer"), await count(store, "session")) == (0, 0)
    with pytest.raises(Unauthorized):
        await office.sessions.find_session(tokens[0])


async def test_an_open_stream_of_somebody_forgotten_is_told(office: Office) -> None:
    _, session = await come(office)
    await keep_house(office, KEEP_SILENT + MOMENT)
    conversations = ConversationService(office.database)
    page = await conversations.read_events(session.customer_id, 0, 50, [session.id])
    assert page.ended == {session.id}


async def test_whoever_wrote_stays(office: Office, store: Any) -> None:
    token, session = await come(office)
    await office.write(session.customer_id)
    await keep_house(office, 1000 * KEEP_SILENT)
    assert (await office.sessions.find_session(token)).id == session.id
    assert await count(store, "message") == 1


async def test_whoever_is_known_otherwise_stays(office: Office, store: Any) -> None:
    _, blocked = await come(office)
    await office.block(blocked.customer_id, None)
    _, asked = await come(office)
    office.clock.advance(KEEP_SILENT + MOMENT)
    _, again = await come(office)
    challenge = Challenge(
        nonce="n",
        session_id=asked.id,
        origin="https://app.example.org",
        account="eip155:1:0x",
        message="…",
        expires_at=office.clock.now(),
    )
    async with office.database.transaction() as tx:
        await tx.identities.add_challenge(challenge)
    await keep_house(office, MOMENT)
    kept = {blocked.customer_id, asked.customer_id, again.customer_id}
    assert {name for (name,) in await store.look("SELECT id FROM customer")} == kept
    await keep_house(office, KEEP_CHALLENGES)
    assert {name for (name,) in await store.look("SELECT id FROM customer")} == kept - {asked.customer_id}


async def test_somebody_proven_stays_who_came_again_and_can_come_again(office: Office, store: Any) -> None:
    now = office.clock.now()
    proven = Customer(
        id=new_ulid(now),
        identity="user",
        name="Ann",
        ticket=None,
        last_seq=0,
        last_event=0,
        created_at=now,
        account="user:7",
    )
    async with office.database.transaction() as tx:
        await tx.sessions.add_customer(proven)
    office.clock.advance(KEEP_SILENT)
    async with office.database.transaction() as tx:
        await office.sessions.add(tx, proven.id, None, None, "")
    await keep_house(office, KEEP_SILENT)
    assert await count(store, "customer") == 1
    await keep_house(office, MOMENT)
    assert (await count(store, "customer"), await count(store, "search_entry")) == (0, 0)


async def test_an_ended_session_is_forgotten_and_its_conversation_is_not(office: Office, store: Any) -> None:
    _, session = await come(office)
    await office.write(session.customer_id)
    await office.sessions.end_session(session)
    await keep_house(office, KEEP_ENDED_SESSIONS)
    assert await count(store, "session") == 1
    await keep_house(office, MOMENT)
    assert (await count(store, "session"), await count(store, "message")) == (0, 1)


async def add_stranger(office: Office, event_id: str, at: datetime) -> None:
    async with office.database.transaction() as tx:
        await tx.records.add_stranger_reply(
            new_ulid(at), event_id=event_id, sender="@mallory:example.org", ticket=1001, text="hi", sent_at=at
        )


async def test_strangers_replies_and_what_could_not_be_handled_are_forgotten(
    office: Office, store: Any
) -> None:
    at = office.clock.now()
    await add_stranger(office, "$reply", at)
    odd = RoomEvent(
        position=1,
        event_id="$odd",
        room_id="!r",
        sender="@a:b",
        type="m.room.message",
        content={},
        sent_at=at,
    )
    async with office.database.transaction() as tx:
        await tx.inbox.add_events([odd], handled={})
        await tx.inbox.set_aside("$odd", "error")
    await keep_house(office, KEEP_FOR_REVIEW)
    assert (await count(store, "stranger_reply"), await count(store, "room_event")) == (1, 1)
    await keep_house(office, MOMENT)
    assert (await count(store, "stranger_reply"), await count(store, "room_event")) == (0, 0)


async def test_whoever_begins_to_write_while_they_are_looked_at_is_passed_over(
    postgres_store: Any, clock: Any
) -> None:
    database = Database(postgres_store.inner)
    office = Office(database, clock, make_settings())
    _, session = await come(office)
    clock.advance(KEEP_SILENT + MOMENT)
    async with database.transaction() as tx:
        await tx.conversations.lock(session.customer_id)
        # Of its own, as in the plugin: it must not wait for this one.
        turn = asyncio.create_task(office.housekeeping.worker._turn())
        await asyncio.wait_for(turn, PATIENCE)
    assert await count(postgres_store, "session") == 1


async def test_what_the_rooms_bring_is_forgotten(office: Office, store: Any) -> None:
    at = office.clock.now()
    event = RoomEvent(
        position=1, event_id="$e", room_id="!r", sender="@a:b", type="m.room.message", content={}, sent_at=at
    )
    alice = Moderator(id="m1", name="Alice", role="moderator", telegram_id=1, mxid=None)
    async with office.database.transaction() as tx:
        await tx.inbox.add_events([event], handled={})
        await tx.inbox.finish("$e", "talk")
        await tx.records.may_hint("@mallory:example.org", at, at)
        await tx.redactions.add("$e", "!r", at)
        (redaction,) = await tx.redactions.list_due(at, 10)
        await tx.redactions.finish(redaction, at)
        await tx.moderators.add(alice)
        await tx.console_acts.add("m1", "client", "object", at)
    tables = ("room_event", "hint", "redaction", "console_act")
    await keep_house(office, KEEP_EVENTS)
    assert [await count(store, table) for table in tables] == [1, 1, 1, 1]
    await keep_house(office, MOMENT)
    assert [await count(store, table) for table in tables] == [0, 0, 0, 0]
