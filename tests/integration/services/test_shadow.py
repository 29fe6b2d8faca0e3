"""A block must not show: what a held message sets going takes the same steps as what a sent one does."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import zip_longest

import pytest

from plugin.domain.errors import SecretRefused
from plugin.domain.model import Block, Session
from plugin.services.ports import MatrixFailed
from tests.integration.services.statements import statements

FIRST = "abandon ability able about above absent"
SECOND = "absorb abstract absurd abuse access accident"
WORD = timedelta(milliseconds=300)
"""How long the bridge takes for its word."""


@pytest.fixture(autouse=True)
async def bridge(desk, host) -> None:
    """Send without waiting for more, with a bridge that is known to report."""
    desk.configure(join_within=0, per_minute=0)
    await desk.write(host, await desk.customer(host), "the first of all")
    await carry(desk, host)
    await host.inbox.catch_up()
    await host.redactions._turn()
    desk.server.requests.clear()


@pytest.fixture
async def blocked(desk, host) -> str:
    """Give a customer whom a block has held from the start."""
    customer = await desk.customer(host)
    await block(desk, host, customer)
    return customer


async def block(desk, host, customer: str) -> None:
    made = Block(
        id=f"block of {customer}",
        customer_id=customer,
        kind="block",
        reason=None,
        by_id="m1",
        by_name="Alice",
        created_at=desk.clock.now(),
        expires_at=None,
    )
    async with host.database.transaction() as tx:
        await tx.blocks.add(made)


async def carry(desk, host) -> None:
    """Bring what is due to the rooms, read it there, and let the bridge give its word."""
    for maker, relay in ((host.maker, host.relay), (host.direct_maker, host.direct_relay)):
        batches, _ = await maker.take_batches(8)
        for batch in batches:
            desk.clock.advance(0.001)  # the bridge speaks in the order of the room
            await relay._carry(batch)
    said = [event for event in desk.server.events if event.room_id == desk.room and "mark" in event.content]
    await host.inbox.catch_up()
    desk.clock.advance(WORD.total_seconds())
    reported = {e.content["report"]["event_id"] for e in desk.server.events if "report" in e.content}
    for event in said:
        if event.event_id not in reported:
            report = {"event_id": event.event_id, "status": "delivered", "reason": None}
            desk.server.add(desk.bridge_bot, {"report": report})


Act = Callable[[str], Awaitable[object]]


async def steps(desk, host, monkeypatch, customer: str, act: Act) -> list[str]:
    """Return the statements of what a customer does and of all that follows from it, until all is at rest."""
    with statements(monkeypatch) as seen:
        await act(customer)
        desk.clock.advance(1)
        await carry(desk, host)
    # What the bridge does in its own process is not the plugin's work.
    await host.quiet_reports._turn()
    with statements(monkeypatch) as rest:
        await host.inbox.catch_up()
        await carry(desk, host)
    await host.quiet_reports._turn()
    with statements(monkeypatch) as end:
        await host.inbox.catch_up()
        await host.redactions._turn()
        await host.inbox.catch_up()
    assert not await desk.store.look("SELECT 1 FROM batch WHERE state IN ('open', 'sent')")
    return [*seen, "—", *rest, "—", *end]


def assert_same(one: list[str], other: list[str]) -> None:
    pairs = enumerate(zip_longest(one, other))
    first = next(((place, *pair) for place, pair in pairs if pair[0] != pair[1]), None)
    assert first is None, (len(one), len(other), first)


async def compare(desk, host, monkeypatch, customer: str, blocked: str, act: Act) -> None:
    """Fail where one of the two sets anything else going than the other."""
    one = await steps(desk, host, monkeypatch, customer, act)
    other = await steps(desk, host, monkeypatch, blocked, act)
    assert_same(one, other)
    assert sum(statement.startswith("BEGIN") for statement in one) > 10


@pytest.mark.parametrize("text", ["Hello", "x" * 4000, "ß" * 2500], ids=["short", "in parts", "not ASCII"])
async def test_a_message_takes_the_same_steps(desk, host, customer, blocked, monkeypatch, text) -> None:
    async def write(who: str) -> None:
        await desk.write(host, who, text)

    for _ in range(2):
        await compare(desk, host, monkeypatch, customer, blocked, write)
    assert len(desk.server.requests) % 4 == 0
    posts = {desk.room: [], desk.quiet: []}
    for _, post in desk.server.requests:
        posts[post.room_id].append(len(post.body.encode()))
    # Numbers of tickets are as long as each other here.
    assert posts[desk.room] == posts[desk.quiet]
    assert (await desk.states()).count("held") == 2


async def test_a_burst_takes_the_same_steps(desk, host, customer, blocked, monkeypatch) -> None:
    async def write(who: str) -> None:
        await desk.write(host, who, *"12345")

    await compare(desk, host, monkeypatch, customer, blocked, write)


async def test_a_private_message_takes_the_same_steps(desk, host, customer, blocked, monkeypatch) -> None:
    async def write(who: str) -> None:
        await desk.write_to(host, "Carol", who, "Psst")

    # The first one makes a room, the second one finds it.
    for _ in range(2):
        await compare(desk, host, monkeypatch, customer, blocked, write)
    assert [room.asked for room in desk.server.rooms.values()] == [[("invite", desk.carol)], []]


@pytest.mark.parametrize("since", ["the start", "the first part"])
async def test_a_secret_that_is_taken_back_takes_the_same_steps(
    desk, host, customer, monkeypatch, since
) -> None:
    blocked = await desk.customer(host)
    if since == "the start":
        await block(desk, host, blocked)
    for one in (customer, blocked):
        await steps(desk, host, monkeypatch, one, lambda who: desk.write(host, who, "hello", FIRST))
    if since != "the start":
        await block(desk, host, blocked)

    async def complete(who: str) -> None:
        with pytest.raises(SecretRefused):
            await host.intake.take_message(who, str(uuid.uuid4()), SECOND)

    await compare(desk, host, monkeypatch, customer, blocked, complete)
    (told,) = [text for text in await desk.answers() if "taken back" in text]
    assert told.startswith("#1002:")


async def test_what_the_team_is_not_told_takes_the_same_steps(
    desk, host, customer, blocked, monkeypatch
) -> None:
    for one in (customer, blocked):
        await steps(desk, host, monkeypatch, one, lambda who: desk.write(host, who, "hello"))

    async def take_back(who: str) -> None:
        async with host.database.snapshot() as tx:
            (message,) = await tx.conversations.list_messages_after(who, 0, 10)
        session = await _session(host, who)
        with statements(monkeypatch):
            await host.privacy.take_back(session, message.id)

    await compare(desk, host, monkeypatch, customer, blocked, take_back)
    assert [text for text in await desk.answers() if "took a message back" in text] == [
        "#1002: the customer took a message back"
    ]


async def _session(host, customer: str):
    async with host.database.snapshot() as tx:
        known = await tx.sessions.get_customer(customer)
    return Session(id=customer, customer_id=known.id, created_at=known.created_at, ended_at=None)


# --- the room, and the word on what is in it


async def test_a_stand_in_waits_while_the_bridge_is_silent(desk, host, customer, blocked) -> None:
    """Else only those who are not blocked would wait for the bridge."""
    await desk.write(host, customer, "one")
    await send(desk, host)
    post = desk.server.events[-1]
    desk.clock.advance(30)
    await desk.write(host, blocked, "held")
    await send(desk, host)
    desk.clock.advance(20)
    await host.quiet_reports._turn()
    assert not await _words(desk)
    report = {"event_id": post.event_id, "status": "delivered", "reason": None}
    desk.server.add(desk.bridge_bot, {"report": report})
    await host.inbox.catch_up()
    # The bridge has just taken 50 seconds, and may do so again.
    desk.clock.advance(50)
    await host.quiet_reports._turn()
    assert len(await _words(desk)) == 1


async def send(desk, host) -> None:
    (batch,), _ = await desk.take(host)
    await host.relay._carry(batch)


async def test_the_word_comes_as_late_as_the_bridges(desk, host, customer, blocked) -> None:
    await desk.write(host, blocked, "held")
    await send(desk, host)
    assert await host.quiet_reports._turn() == WORD.total_seconds()
    assert not await _words(desk)
    desk.clock.advance(WORD.total_seconds())
    await host.quiet_reports._turn()
    assert len(await _words(desk)) == 1


async def _words(desk) -> list[object]:
    quiet = [event.content for event in desk.server.events if event.room_id == desk.quiet]
    return [content["report"] for content in quiet if "report" in content]


async def test_what_stands_in_too_long_ends_without_a_word_to_the_team(desk, host, blocked) -> None:
    await desk.write(host, blocked, "held")
    await send(desk, host)
    desk.clock.advance(3600)
    await desk.write(host, blocked, "held too")
    assert len((await desk.take(host))[0]) == 1
    assert await desk.answers() == []
    async with host.database.snapshot() as tx:
        assert await tx.batches.count_undelivered() == {}


async def test_nobody_else_is_heard_in_the_quiet_room(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    report = {"event_id": event_id, "status": "permanent", "reason": None}
    desk.server.add(desk.bridge_bot, {"report": report}, room_id=desk.quiet)
    desk.server.reply(desk.alice, event_id, "/block", room_id=desk.quiet)
    await host.inbox.catch_up()
    assert (await desk.outcomes())[-2:] == ["stranger", "stranger"]
    assert await desk.states() == ["delivered", "sent"]


async def test_the_bots_word_counts_in_the_quiet_room_alone(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    report = {"event_id": event_id, "status": "delivered", "reason": None}
    desk.server.add(desk.bot, {"report": report})
    await host.inbox.catch_up()
    assert await desk.states() == ["delivered", "sent"]


async def test_without_a_quiet_room_it_is_held_all_the_same(desk, host, blocked, monkeypatch) -> None:
    host.maker._quiet_room.room_id = None
    await desk.write(host, blocked, "held")
    assert await desk.take(host) == ([], None)
    assert await desk.states() == ["delivered", "held"]
    assert not await desk.store.look("SELECT 1 FROM batch WHERE stands_for IS NOT NULL")


async def test_a_quiet_room_that_can_not_be_made_closes_nothing(desk, host, monkeypatch) -> None:
    async def refuse(*_args: str) -> str:
        raise MatrixFailed("M_FORBIDDEN (403)", permanent=True)

    room = host.maker._quiet_room
    room.room_id = None
    monkeypatch.setattr(room._gateway, "open_direct_room", refuse)
    await room.open()
    assert room.room_id is None


async def test_a_quiet_room_that_refuses_dots_tells_nobody(desk, host, blocked) -> None:
    desk.server.failures.append(MatrixFailed("M_FORBIDDEN (403)", permanent=True))
    await desk.write(host, blocked, "held")
    await send(desk, host)
    assert await desk.states() == ["delivered", "held"]
    assert await desk.answers() == []
    async with host.database.snapshot() as tx:
        assert await tx.batches.count_undelivered() == {}


async def test_what_is_released_is_sent_itself_and_the_dots_go_on(desk, host, blocked) -> None:
    """Also in the very moment in which they are on their way."""
    await desk.write(host, blocked, "held")
    (stand_in,), _ = await desk.take(host)
    async with host.database.transaction() as tx:
        assert await tx.batches.release_held(blocked, desk.clock.now()) == 1
    await host.relay._carry(stand_in)
    (released,), _ = await desk.take(host)
    assert released.room_id == desk.room
    await host.relay._carry(released)
    assert desk.server.bodies[1:] == ["#1002 · anonymous\nheld"]
