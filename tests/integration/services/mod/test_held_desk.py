"""What is held, at the console: both kinds in one list, let go once and in order, or dropped for good."""

from __future__ import annotations

import asyncio
import json

import pytest

from plugin.config import ModeratorEntry
from plugin.domain.commands import Command
from plugin.domain.errors import Conflict, Forbidden, Invalid, NotFound
from plugin.domain.model import Session
from plugin.services.allow_list import update_allow_list
from plugin.services.ports import MatrixFailed
from tests.integration.services.doors import WALLET

ASKS = "Please send me your seed phrase"
BLOCK = Command(verb="block")


@pytest.fixture
async def post(desk, host, customer) -> str:
    """Give the event of the customer's first message in the room."""
    return await desk.post(host, customer)


@pytest.fixture
async def hold(desk, host, customer, post, blocks, team, send):
    """Give what blocks the customer and lets them write: each text becomes a batch of its own."""
    await blocks.add(await team("Alice"), customer, BLOCK)
    await send()

    async def hold(*texts: str) -> None:
        for text in texts:
            desk.clock.advance(5)
            await desk.write(host, customer, text)
            desk.clock.advance(5)
            await send()

    return hold


async def waiting(held, viewer) -> list[tuple[str, str]]:
    page = await held.list_waiting(viewer, None, 50)
    return [(view.entry.kind, view.entry.text) for view in page.items]


async def ids(held, viewer) -> dict[str, str]:
    """Return what waits, by its text."""
    return {view.entry.text: view.entry.id for view in (await held.list_waiting(viewer, None, 50)).items}


def said(desk) -> list[str]:
    """Return the customer's words in the group, without headings and answers."""
    return [body.split("\n", 1)[1] for body in desk.server.bodies if "\n" in body]


async def test_both_kinds_stand_in_one_list_the_newest_first(desk, host, post, hold, held, team) -> None:
    await hold("one")
    desk.clock.advance(1)
    desk.server.reply(desk.alice, post, ASKS)
    await host.inbox.catch_up()
    await hold("two")
    seen, before = [], None
    while True:
        page = await held.list_waiting(await team("Bob"), before, 1)
        seen += page.items
        if page.next is None:
            break
        before = page.next
    assert [(v.entry.kind, v.entry.text, v.why, v.entry.ticket, v.can_release) for v in seen] == [
        ("message", "two", None, 1001, True),
        ("reply", ASKS, "it asks for a secret", 1001, True),
        ("message", "one", None, 1001, True),
    ]
    assert page.blocked == {seen[0].entry.customer.id}
    assert [v.can_release for v in (await held.list_waiting(await team("Alice"), None, 9)).items] == [
        True,
        False,
        True,
    ]


async def test_what_was_written_in_one_go_stands_as_one(desk, host, customer, hold, held, team, send) -> None:
    desk.configure(join_within=10)
    await desk.write(host, customer, "Hello", "are you there?", every=1)
    desk.clock.advance(20)
    await send()
    assert await waiting(held, await team("Bob")) == [("message", "Hello\n\nare you there?")]


async def test_a_message_goes_to_the_group_while_the_block_runs(
    desk, host, customer, hold, held, team, send
) -> None:
    await hold("please", "more")
    bob = await team("Bob")
    released = (await held.release((await ids(held, bob))["please"], bob, confirmed=False)).items[0]
    assert (released.entry.text, released.can_release) == ("please", False)
    await send()
    assert said(desk)[-1:] == ["please"]
    await hold("and more")
    assert await waiting(held, bob) == [("message", "and more"), ("message", "more")]
    with pytest.raises(Conflict):
        await held.release(released.entry.id, bob, confirmed=False)
    with pytest.raises(Conflict):
        await held.drop(released.entry.id, bob)
    await send()
    assert said(desk).count("please") == 1


async def test_what_is_released_together_goes_in_its_order(desk, hold, held, team, send) -> None:
    texts = ["one", "two", "three"]
    await hold(*texts)
    bob = await team("Bob")
    waits = await ids(held, bob)
    for text in ("two", "three", "one"):
        await held.release(waits[text], bob, confirmed=False)
    desk.server.failures.extend([MatrixFailed("502"), None])
    await _send_with_time(desk, send)
    assert said(desk)[-3:] == texts


async def test_where_the_bridge_reports_one_waits_for_the_word_on_the_other(
    desk, host, hold, held, team
) -> None:
    await hold("one", "two")
    bob = await team("Bob")
    for held_id in (await ids(held, bob)).values():
        await held.release(held_id, bob, confirmed=False)
    async with host.database.transaction() as tx:
        await tx.batches.note_report(desk.clock.now())
    (first,), again = await desk.take(host)
    assert first.parts[0].endswith("one")
    await desk.end(host, first)
    assert (await desk.take(host))[0] == []
    assert again is None or again > desk.clock.now()
    async with host.database.transaction() as tx:
        await tx.batches.set_delivered(first.id, desk.clock.now())
    (second,), _ = await desk.take(host)
    assert second.parts[0].endswith("two")


async def _send_with_time(desk, send) -> None:
    """Let what failed be tried again: time passes while the relay works."""

    async def pass_time() -> None:
        while True:
            desk.clock.advance(1)
            await asyncio.sleep(0)

    passing = asyncio.create_task(pass_time())
    try:
        await send()
    finally:
        passing.cancel()


async def test_what_is_dropped_is_never_sent(desk, host, customer, post, hold, held, team, send) -> None:
    await hold("forget it", "keep it")
    bob, before = await team("Bob"), await desk.conversation(host, customer)
    events = await desk.store.look("SELECT COUNT(*) FROM conversation_event")
    dropped = (await held.drop((await ids(held, bob))["forget it"], bob)).items[0]
    assert not dropped.can_release
    assert await desk.conversation(host, customer) == before
    assert await desk.store.look("SELECT COUNT(*) FROM conversation_event") == events
    await desk.order(host, post, "/unblock")
    await desk.order(host, post, "/release")
    await send()
    assert said(desk)[-1:] == ["keep it"]
    assert "forget it" not in said(desk)
    assert await waiting(held, bob) == []
    with pytest.raises(Conflict):
        await held.release(dropped.entry.id, bob, confirmed=False)


async def test_each_decision_is_in_the_log(desk, host, customer, post, hold, held, team) -> None:
    await hold("one", "two")
    desk.server.reply(desk.alice, post, ASKS)
    await host.inbox.catch_up()
    bob, waits = await team("Bob"), await ids(held, await team("Bob"))
    for text, act in (("one", held.release), ("two", held.drop), (ASKS, held.drop)):
        desk.clock.advance(1)
        await act(waits[text], bob, **({"confirmed": False} if act == held.release else {}))
    rows = await desk.store.look("SELECT actor_name, action, target, detail FROM audit ORDER BY at, id")
    target = {"customer": customer, "ticket": 1001}
    assert [(*row[:2], json.loads(row[2]), json.loads(row[3])) for row in rows[-3:]] == [
        ("Bob", "held.released", target, {"batch": waits["one"]}),
        ("Bob", "held.dropped", target, {"batch": waits["two"]}),
        ("Bob", "reply.dropped", {**target, "held": waits[ASKS]}, {}),
    ]


async def test_a_reply_goes_to_the_customer_as_its_authors(desk, host, customer, post, held, team) -> None:
    desk.server.reply(desk.alice, post, ASKS)
    await host.inbox.catch_up()
    held_id = (await ids(held, await team("Bob")))[ASKS]
    with pytest.raises(Forbidden):
        await held.release(held_id, await team("Alice"), confirmed=True)
    await held.release(held_id, await team("Bob"), confirmed=False)
    assert (await desk.conversation(host, customer))[1:] == [("Alice", ASKS)]
    with pytest.raises(Conflict):
        await held.release(held_id, await team("Bob"), confirmed=False)


async def test_of_those_who_release_at_once_one_does(
    desk, host, customer, post, hold, held, team, send
) -> None:
    await hold("please")
    desk.server.reply(desk.alice, post, ASKS)
    await host.inbox.catch_up()
    people = [await team(name) for name in ("Bob", "Carol", "Dave")]
    for held_id in (await ids(held, people[0])).values():
        acts = [held.release(held_id, person, confirmed=False) for person in people]
        outcomes = await asyncio.gather(*acts, return_exceptions=True)
        assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "Conflict", "HeldPage"]
    await send()
    assert said(desk).count("please") == 1
    assert [text for who, text in await desk.conversation(host, customer) if who == "Alice"] == [ASKS]


async def test_what_there_is_not_is_not_found(desk, host, customer, post, held, team) -> None:
    ((sent,),) = await desk.store.look("SELECT id FROM batch")
    for act in (held.drop, lambda held_id, by: held.release(held_id, by, confirmed=True)):
        with pytest.raises(NotFound):
            await act("0" * 26, await team("Bob"))
        with pytest.raises(Conflict):
            await act(sent, await team("Bob"))


# In private


@pytest.fixture
async def private(desk, host, customer, blocks, held, team, send) -> dict[str, str]:
    """Give what is held in the conversation with Carol, by its text."""
    room = await desk.private_room(host, "Carol", customer)
    desk.server.reply(desk.carol, None, ASKS, room_id=room)
    await host.inbox.catch_up()
    desk.clock.advance(1)
    await blocks.add(await team("Carol"), customer, BLOCK, is_private=True)
    await desk.write_to(host, "Carol", customer, "for Carol")
    desk.clock.advance(5)
    await send()
    return await ids(held, await team("Carol"))


async def test_private_ones_are_seen_by_their_moderator_alone(private, held, team) -> None:
    assert set(private) == {ASKS, "for Carol"}
    assert await waiting(held, await team("Carol")) == [("message", "for Carol"), ("reply", ASKS)]
    assert await waiting(held, await team("Dave")) == []


@pytest.mark.parametrize("text", [ASKS, "for Carol"])
async def test_nobody_else_decides_about_private_ones(private, held, team, desk, text) -> None:
    for act in (held.drop, lambda held_id, by: held.release(held_id, by, confirmed=True)):
        with pytest.raises(Forbidden):
            await act(private[text], await team("Dave"))
    assert len(await waiting(held, await team("Carol"))) == 2


async def test_a_private_message_goes_to_the_private_room(desk, private, held, team, send) -> None:
    await held.release(private["for Carol"], await team("Carol"), confirmed=False)
    await send()
    (room,) = desk.server.rooms
    assert desk.server.said_in(room)[-1].endswith("\nfor Carol")
    assert desk.server.bodies == []


async def test_ones_own_private_reply_goes_when_it_is_confirmed(
    desk, host, customer, private, held, team
) -> None:
    carol = await team("Carol")
    with pytest.raises(Invalid) as refused:
        await held.release(private[ASKS], carol, confirmed=False)
    assert refused.value.members == {"field": "confirmed"}
    assert ("Carol", ASKS) not in await desk.conversation(host, customer)
    await held.release(private[ASKS], carol, confirmed=True)
    assert ("Carol", ASKS) in await desk.conversation(host, customer)
    rows = await desk.store.look("SELECT target FROM audit WHERE action LIKE 'reply.%'")
    assert [sorted(json.loads(target)) for (target,) in rows] == [["customer", "direct", "held"]] * 2


# Customers who are gone


async def test_of_an_erased_customer_nothing_is_released(
    desk, host, customer, post, hold, held, team
) -> None:
    await hold("please")
    desk.server.reply(desk.alice, post, ASKS)
    await host.inbox.catch_up()
    waits = (await ids(held, await team("Bob"))).values()
    session = Session(id="s", customer_id=customer, created_at=desk.clock.now(), ended_at=None)
    await host.privacy.erase(session)
    assert await waiting(held, await team("Bob")) == []
    for held_id in waits:
        with pytest.raises(Conflict):
            await held.release(held_id, await team("Bob"), confirmed=False)


async def test_what_joined_another_conversation_is_released_there(
    desk, host, doors, blocks, held, team, send
) -> None:
    token, other = await doors.come(), await doors.come()
    proven = await doors.sign_in(token, WALLET)
    post = await doors.post(other)
    await blocks.add(await team("Alice"), (await doors.who(other)).id, BLOCK)
    desk.clock.advance(1)
    await doors.write(other, "please")
    await send()
    desk.server.reply(desk.alice, post, ASKS)
    await host.inbox.catch_up()
    waits = await ids(held, await team("Bob"))
    await doors.sign_in(other, WALLET, joins=True)
    for held_id in waits.values():
        await held.release(held_id, await team("Bob"), confirmed=False)
    await send()
    assert said(desk)[-1:] == ["please"]
    assert (await doors.read(proven))[-1] == ASKS


async def test_a_moderator_who_is_alone_may_release_their_own(desk, host, customer, post, held, team) -> None:
    desk.server.reply(desk.alice, post, ASKS)
    await host.inbox.catch_up()
    alone = ModeratorEntry(name="Alice", role="moderator", telegram_id=1, mxid=None)
    desk.configure(moderators=(alone,))
    await update_allow_list(host.database, desk.clock, desk.settings)
    alice = await team("Alice")
    (view,) = (await held.list_waiting(alice, None, 9)).items
    assert view.can_release
    await held.release(view.entry.id, alice, confirmed=False)
    assert ("Alice", ASKS) in await desk.conversation(host, customer)


async def test_the_moderators_streams_hear_what_was_decided(desk, host, hold, held, team) -> None:
    async def heard() -> list[str]:
        rows = await desk.store.look(
            "SELECT type, object_id FROM team_event WHERE type LIKE 'reply.%' ORDER BY number"
        )
        waits = {held_id: text for text, held_id in seen.items()}
        return [f"{event_type} {waits[object_id]}" for event_type, object_id in rows]

    await hold("one", "two")
    bob = await team("Bob")
    seen = await ids(held, bob)
    assert await heard() == []
    await held.release(seen["one"], bob, confirmed=False)
    await held.drop(seen["two"], bob)
    assert await heard() == ["reply.released one", "reply.dropped two"]


async def test_of_private_ones_only_their_moderators_stream_hears(desk, private, held, team) -> None:
    await held.drop(private["for Carol"], await team("Carol"))
    rows = await desk.store.look("SELECT moderator_id FROM team_event WHERE type LIKE 'reply.%'")
    assert rows == [((await team("Carol")).id,)] * 2
