"""The way back: every event of the room is handled once, in order, and none is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from plugin.db.inbox import InboxRepository
from plugin.domain.errors import Unavailable
from plugin.domain.model import Author
from plugin.services.allow_list import update_allow_list
from plugin.services.ports import MatrixFailed

GONE = MatrixFailed("(502)")


async def test_a_moderators_reply_reaches_the_customer(desk, host, customer) -> None:
    event_id = await desk.post(host, customer, "Help!")
    desk.clock.advance(60)
    desk.server.reply(desk.alice, event_id, "What is wrong?")
    woken: list[str | None] = []
    host.hub.listen(woken.append)
    await host.inbox.catch_up()
    assert customer in woken
    assert await desk.conversation(host, customer) == [("customer", "Help!"), ("Alice", "What is wrong?")]
    async with host.database.snapshot() as tx:
        message = (await tx.conversations.list_messages_after(customer, 1, 1))[0]
        (alice,) = [m for m in await tx.moderators.list_active() if m.name == "Alice"]
    assert message.author == Author(kind="moderator", id=alice.id, name="Alice", verified=True)
    assert (message.seq, message.ticket, message.channel) == (2, 1001, "team")
    assert (message.reply_to, message.client_id, message.created_at) == (None, None, desk.clock.now())


async def test_a_reply_to_an_answer_follows_the_chain(desk, host, customer) -> None:
    event_id = await desk.post(host, customer, "Help!")
    first = desk.server.reply(desk.alice, event_id, "first")
    second = desk.server.reply(desk.bob, first, "second")
    desk.server.reply(desk.alice, second, "third")
    await host.inbox.catch_up()
    conversation = await desk.conversation(host, customer)
    assert conversation[1:] == [("Alice", "first"), ("Bob", "second"), ("Alice", "third")]
    async with host.database.snapshot() as tx:
        messages = await tx.conversations.list_messages_after(customer, 1, 9)
    assert [m.reply_to for m in messages] == [None, messages[0].id, messages[1].id]


async def test_what_is_no_answer_reaches_nobody(desk, host, customer) -> None:
    event_id = await desk.post(host, customer, "Help!")
    reply = desk.server.reply
    reply(desk.stranger, event_id, "from a stranger")
    reply(desk.bridge_bot, event_id, "from an anonymous admin", telegram=True)
    reply(desk.bridge_bot, event_id, "from the bridge")
    reply("@telegram_1:evil.example", event_id, "from another server's ghost")
    reply(desk.alice, event_id, "an edit", replaces="$something")
    reply(desk.alice, event_id, "under another's profile", profile=True)
    reply(desk.alice, None, "to nobody")
    reply(desk.alice, "$unknown", "to something else")
    reply(desk.alice, event_id, "// a note")
    reply(desk.alice, event_id, "")
    reply(desk.alice, event_id, "at last")
    await host.inbox.catch_up()
    assert await desk.conversation(host, customer) == [("customer", "Help!"), ("Alice", "at last")]
    assert (await desk.outcomes())[1:] == [
        *("stranger", "anonymous", "bridge_notice", "stranger", "edit", "foreign_author"),
        *("no_reply", "talk", "note", "no_text", "answer"),
    ]
    kept = await desk.store.look("SELECT text, sender, ticket FROM stranger_reply ORDER BY text")
    assert kept == [
        ("from a stranger", desk.stranger, 1001),
        ("from an anonymous admin", desk.bridge_bot, 1001),
        ("from another server's ghost", "@telegram_1:evil.example", 1001),
        ("under another's profile", desk.alice, 1001),
    ]


async def test_a_reply_to_a_strangers_reply_is_talk(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    strangers = desk.server.reply(desk.stranger, event_id, "from a stranger")
    desk.server.reply(desk.alice, strangers, "don't listen to him")
    await host.inbox.catch_up()
    assert len(await desk.conversation(host, customer)) == 1


async def test_the_same_event_twice_is_one(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    desk.server.reply(desk.alice, event_id, "Hello")
    await host.inbox.catch_up()
    desk.server.events.append(desk.server.events[-1])
    desk.server.events.append(desk.server.events[-1])
    desk.server.reply(desk.alice, event_id, "again")
    await host.inbox.catch_up()
    desk.server.events.append(desk.server.events[1])
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "Hello"), ("Alice", "again")]


async def test_an_event_handled_by_two_at_once_has_one_outcome(desk, host, customer) -> None:
    """Both have it in hand before either is through; on PostgreSQL they are two hosts."""
    other = await desk.start_host(await desk.store.open(), "other")
    event_id = await desk.post(host, customer)
    for number in range(5):
        desk.server.reply(desk.alice, event_id, f"text {number}")
        async with host.database.snapshot() as tx:
            since = await tx.inbox.get_cursor()
        await host.inbox._read()
        async with host.database.snapshot() as tx:
            assert await tx.inbox.get_cursor() != since
            (event,) = await tx.inbox.list_waiting(10)
        await asyncio.gather(*(h.replies.handle(event) for h in (host, other, host, other)))
    assert (await desk.conversation(host, customer))[1:] == [("Alice", f"text {i}") for i in range(5)]


async def test_two_hosts_that_read_at_once_store_and_deliver_each_event_once(desk, host, customer) -> None:
    other = await desk.start_host(await desk.store.open(), "other")
    event_id = await desk.post(host, customer)
    for number in range(20):
        desk.server.reply(desk.alice, event_id, f"text {number}")
        if number % 4 == 0:
            await asyncio.gather(host.inbox.catch_up(), other.inbox.catch_up(), host.inbox.catch_up())
    await asyncio.gather(host.inbox.catch_up(), other.inbox.catch_up())
    assert (await desk.conversation(host, customer))[1:] == [("Alice", f"text {i}") for i in range(20)]


@pytest.mark.parametrize("count", [1, 51, 250])
async def test_what_was_written_while_nobody_read_comes_in_order(desk, host, customer, count) -> None:
    """Fault 4, and more than a page of it."""
    event_id = await desk.post(host, customer)
    for number in range(count):
        desk.server.reply(desk.alice, event_id, f"text {number}")
    restarted = await desk.start_host()
    await restarted.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", f"text {i}") for i in range(count)]


async def test_the_first_start_begins_at_the_live_end_and_the_next_where_it_stopped(desk, clock) -> None:
    desk.server.reply(desk.alice, None, "before our time")
    first = await desk.start_host()
    await first.inbox.catch_up()
    assert await desk.outcomes() == []
    desk.server.reply(desk.alice, None, "while we were away")
    again = await desk.start_host()
    await again.inbox.catch_up()
    assert await desk.outcomes() == ["no_reply"]


async def test_its_own_post_makes_a_reply_known_before_the_relay_has_said_so(desk, host, customer) -> None:
    """The relay died between the homeserver's answer and its commit, and somebody has replied already."""
    desk.configure(join_within=0)
    await desk.write(host, customer, "Help!")
    (batch,), _ = await desk.take(host)
    event_id = desk.server.add_post(batch, 0)
    desk.server.reply(desk.alice, event_id, "At once!")
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "At once!")]
    assert await desk.states() == ["sent"]
    # The relay's own word comes late and changes nothing.
    async with host.database.transaction() as tx:
        await tx.inbox.add_post(event_id, desk.bot, batch, 0, 1)
        assert not await tx.batches.end(batch, "failed")
    assert await desk.states() == ["sent"]


async def test_a_post_that_the_relay_has_noted_takes_no_step_more(desk, host, customer, monkeypatch) -> None:
    """It is stored as handled, with the stretch that it came in."""
    handled = []
    handle = host.inbox._replies.handle

    async def count(event) -> None:
        handled.append(event.sender)
        await handle(event)

    monkeypatch.setattr(host.inbox._replies, "handle", count)
    event_id = await desk.post(host, customer, "Help!")
    desk.server.reply(desk.alice, event_id, "At once!")
    await host.inbox.catch_up()
    assert handled == [desk.alice]
    assert await desk.outcomes() == ["own", "answer"]
    assert await desk.store.look("SELECT content FROM room_event") == [(None,), (None,)]


async def test_a_first_part_in_the_room_does_not_end_the_batch(desk, host, customer) -> None:
    desk.configure(join_within=0)
    await desk.write(host, customer, "x" * 4000)
    (batch,), _ = await desk.take(host)
    event_id = desk.server.add_post(batch, 0)
    desk.server.reply(desk.alice, event_id, "I see half of it")
    await host.inbox.catch_up()
    assert await desk.states() == ["open"]
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "I see half of it")]
    desk.server.add_post(batch, 1)
    await host.inbox.catch_up()
    assert await desk.states() == ["sent"]


async def test_a_mark_in_somebody_elses_event_says_nothing(desk, host, customer) -> None:
    """Anybody may copy the content of our post: a reply to the copy must not reach the customer."""
    desk.configure(join_within=0)
    await desk.write(host, customer, "Help!")
    (batch,), _ = await desk.take(host)
    for sender in (desk.stranger, desk.alice, desk.bridge_bot):
        forged = desk.server.add_post(batch, 0, sender=sender)
        desk.server.reply(desk.alice, forged, "a reply to it")
    await host.inbox.catch_up()
    assert await desk.states() == ["open"]
    assert len(await desk.conversation(host, customer)) == 1


async def test_an_event_that_can_not_be_handled_is_set_aside_and_the_next_ones_are_handled(
    desk, host, customer, caplog
) -> None:
    event_id = await desk.post(host, customer)
    desk.server.reply(desk.alice, event_id, "before")
    host.reader.broken.add(desk.server.reply(desk.alice, event_id, "broken"))
    desk.server.reply(desk.alice, event_id, "after")
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "before"), ("Alice", "after")]
    assert await desk.outcomes() == ["own", "answer", "error", "answer"]
    assert "set aside" in caplog.text
    # It is kept, for a version that can read it.
    ((content,),) = await desk.store.look("SELECT content FROM room_event WHERE outcome = 'error'")
    assert "broken" in content
    await host.inbox.catch_up()
    assert len(await desk.conversation(host, customer)) == 3


@pytest.mark.parametrize("reply_to", ["$lone\ud83d", "$nul\x00", "x" * 100_000], ids=["half", "NUL", "long"])
async def test_a_reply_to_what_no_database_can_hold_stops_nothing(desk, host, customer, reply_to) -> None:
    """A member of the room may write anything there: it must not be tried for ever."""
    event_id = await desk.post(host, customer)
    desk.server.reply(desk.alice, reply_to, "odd")
    desk.server.reply(desk.alice, event_id, "Hello")
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "Hello")]
    async with host.database.snapshot() as tx:
        assert await tx.inbox.list_waiting(10) == []


async def _unavailable_at(monkeypatch, name: str, times: int) -> list[int]:
    method, failed = getattr(InboxRepository, name), []

    async def failing(*args, **options):
        if len(failed) < times:
            failed.append(1)
            raise Unavailable(retry_after=2)
        return await method(*args, **options)

    monkeypatch.setattr(InboxRepository, name, failing)
    return failed


@pytest.mark.parametrize("name", ["list_waiting", "get_cursor", "move_cursor", "get_target", "finish"])
async def test_while_the_database_is_away_nothing_is_lost_and_nothing_set_aside(
    desk, host, customer, monkeypatch, name
) -> None:
    event_id = await desk.post(host, customer)
    for number in range(3):
        desk.server.reply(desk.alice, event_id, f"text {number}")
    failed = await _unavailable_at(monkeypatch, name, times=3)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await host.inbox.catch_up()
    await host.inbox.catch_up()
    assert len(failed) == 3
    assert (await desk.conversation(host, customer))[1:] == [("Alice", f"text {i}") for i in range(3)]
    assert "error" not in await desk.outcomes()


async def test_the_worker_survives_homeserver_and_database(desk, host, customer, monkeypatch, caplog) -> None:
    event_id = await desk.post(host, customer)
    desk.server.unreadable = GONE
    host.inbox.worker.start()
    failed = await _unavailable_at(monkeypatch, "get_target", times=1)
    desk.server.reply(desk.alice, event_id, "Hello")
    await desk.eventually(lambda: "can't be read" in caplog.text, "the homeserver was away")
    desk.server.unreadable = None
    host.inbox.worker.wake()
    await desk.eventually(lambda: failed, "the database was away")
    # Sooner than by itself.
    host.inbox.worker.wake()
    await desk.eventually(lambda: _length(desk, host, customer, 2), "it is delivered")


async def _length(desk, host, customer, length: int) -> bool:
    return len(await desk.conversation(host, customer)) == length


async def test_a_room_that_can_not_be_read_moves_no_cursor(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    desk.server.reply(desk.alice, event_id, "Hello")
    desk.server.unreadable = GONE
    with pytest.raises(MatrixFailed):
        await host.inbox.catch_up()
    desk.server.unreadable = None
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "Hello")]


async def test_what_is_said_while_the_bot_is_out_of_the_room_is_read_once_it_is_back(
    desk, host, customer
) -> None:
    event_id = await desk.post(host, customer)
    desk.server.is_bot_out = True
    desk.server.reply(desk.alice, event_id, "Hello")
    with pytest.raises(MatrixFailed):
        await host.inbox.catch_up()
    assert host.room.room_id is None
    # Nothing is read, and nothing sent, into a room that is not known to be open.
    await host.inbox.catch_up()
    desk.server.is_bot_out = False
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == []
    host.room.worker.start()
    await desk.eventually(lambda: host.room.room_id == desk.room, "the bot is back")
    await host.room.worker.stop()
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "Hello")]


async def test_what_a_former_process_stored_is_handled_though_the_room_can_not_be_read(
    desk, host, customer
) -> None:
    event_id = await desk.post(host, customer)
    desk.server.reply(desk.alice, event_id, "Hello")
    await host.inbox._read()
    desk.server.unreadable = GONE
    restarted = await desk.start_host()
    with pytest.raises(MatrixFailed):
        await restarted.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", "Hello")]


async def test_cancelled_at_any_point_it_delivers_each_reply_once(desk, host, customer) -> None:
    """Fault 7: what stopping the plugin does to the inbox."""
    event_id = await desk.post(host, customer)
    for number in range(60):
        desk.server.reply(desk.alice, event_id, f"text {number}")
        task = asyncio.create_task(host.inbox.catch_up())
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Alice", f"text {i}") for i in range(60)]


async def test_a_reply_reaches_a_customer_who_is_blocked(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    await desk.order(host, event_id, "/block")
    desk.server.reply(desk.bob, event_id, "You will hear from us.")
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Bob", "You will hear from us.")]


async def test_each_reply_reaches_its_own_customer(desk, host) -> None:
    customers = [await desk.customer(host) for _ in range(5)]
    posts = {c: await desk.post(host, c, f"I am {c}") for c in customers}
    for _ in range(3):
        for c in customers:
            desk.server.reply(desk.alice, posts[c], f"to {c}")
    await host.inbox.catch_up()
    for c in customers:
        assert await desk.conversation(host, c) == [("customer", f"I am {c}"), *[("Alice", f"to {c}")] * 3]


async def test_somebody_taken_off_the_list_is_a_stranger_from_then_on(desk, host, customer) -> None:
    event_id = await desk.post(host, customer)
    desk.server.reply(desk.bob, event_id, "while on the list")
    await host.inbox.catch_up()
    desk.configure(moderators=desk.settings.moderators[:1])
    await update_allow_list(host.database, desk.clock, desk.settings)
    desk.server.reply(desk.bob, event_id, "off the list")
    desk.server.reply(desk.bob, event_id, "/block")
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("Bob", "while on the list")]
    assert (await desk.outcomes())[-2:] == ["stranger", "stranger"]
    assert await desk.answers() == []
