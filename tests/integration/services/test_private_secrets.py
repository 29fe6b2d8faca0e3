"""Secrets and erasing in private conversations: there, too, and never a word of it in the group."""

from __future__ import annotations

import uuid

import pytest

from plugin.domain.errors import SecretRefused
from plugin.domain.model import Session
from plugin.services.privacy import PrivacyService

PHRASE = "abandon ability able about above absent absorb abstract absurd abuse access accident"
WORDS = PHRASE.split()
ASKS = "Please send me your seed phrase"


async def said_by_team(desk) -> list[tuple]:
    return await desk.store.look("SELECT text FROM message WHERE author_kind = 'moderator' ORDER BY seq")


async def redacted_in(desk) -> set[str]:
    return {room for (room,) in await desk.store.look("SELECT room_id FROM redaction")}


@pytest.mark.parametrize("edited", [False, True], ids=["said", "edited"])
async def test_a_private_reply_that_asks_for_a_secret_is_held(desk, host, customer, edited) -> None:
    room = await desk.private_room(host, "Carol", customer)
    more = {}
    if edited:
        more["replaces"] = desk.server.reply(desk.carol, None, "Hello", room_id=room)
        await host.inbox.catch_up()
    desk.server.reply(desk.carol, None, ASKS, room_id=room, **more)
    await host.inbox.catch_up()
    await desk.carry_direct(host)
    assert await said_by_team(desk) == ([("Hello",)] if edited else [])
    assert await desk.store.look("SELECT state, text FROM held_reply") == [("held", ASKS)]
    what = "edit was not passed on" if edited else "Reply was not sent"
    notice = f"⚠ Your {what}: it asks for a secret. Say it in other words."
    assert desk.server.said_in(room)[-1] == notice
    assert desk.server.bodies == []


async def test_what_a_moderator_says_instead_of_it_is_sent(desk, host, customer) -> None:
    room = await desk.private_room(host, "Carol", customer)
    held = desk.server.reply(desk.carol, None, ASKS, room_id=room)
    await host.inbox.catch_up()
    desk.server.reply(desk.carol, None, "Which wallet is it?", room_id=room, replaces=held)
    await host.inbox.catch_up()
    assert await said_by_team(desk) == [("Which wallet is it?",)]


async def test_parts_of_a_phrase_leave_the_private_room(desk, host, customer) -> None:
    room = await desk.private_room(host, "Carol", customer, " ".join(WORDS[:6]))
    carol = await desk.moderator(host, "Carol")
    with pytest.raises(SecretRefused):
        await host.intake.take_message(customer, str(uuid.uuid4()), " ".join(WORDS[6:]), moderator_id=carol)
    await desk.redact(host)
    assert not any("abandon" in str(event.content) for event in desk.server.events if event.room_id == room)
    assert await redacted_in(desk) == {room}
    assert desk.server.bodies == []


async def test_erasing_empties_the_private_room(desk, host, customer) -> None:
    room = await desk.private_room(host, "Carol", customer, "My name is Jane")
    desk.server.reply(desk.carol, None, "Hello Jane", room_id=room)
    await host.inbox.catch_up()
    privacy = PrivacyService(
        database=host.database,
        clock=desk.clock,
        hub=host.hub,
        wake_redactions=host.redactions.worker.wake,
        wake_relays=host.direct_relay.worker.wake,
    )
    session = Session(id="s", customer_id=customer, created_at=desk.clock.now(), ended_at=None)
    await privacy.erase(session)
    await desk.redact(host)
    assert not any("Jane" in str(event.content) for event in desk.server.events if event.room_id == room)
    assert await redacted_in(desk) == {room}
