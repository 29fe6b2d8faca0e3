"""Words that were taken back: wherever their batch stood, they leave the database and the room."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import timedelta

import pytest

from plugin.domain.errors import SecretRefused
from plugin.domain.model import Block
from plugin.services.ports import MatrixFailed
from plugin.services.recall import recall
from tests.integration.services.recalling import FIRST, SECOND, complete, report

pytestmark = pytest.mark.usefixtures("at_once")


async def send(desk, host) -> None:
    """Let everything that waits get into the room, and be read there."""
    host.relay.worker.start()
    await desk.eventually(desk.nothing_waits, "nothing waits")
    await host.relay.stop()
    await host.inbox.catch_up()


async def waits_or(desk, query: str, go_on: asyncio.Event) -> None:
    """Wait until a connection waits for a lock; should it not, let the other one go on before failing."""
    try:
        await desk.eventually(lambda: desk.store.look(query), "one waits for the other")
    except BaseException:
        go_on.set()
        raise


async def everything(desk) -> str:
    """Return every text that the database holds."""
    tables = ["message", "outbox", "batch", "room_event", "ticket_event", "conversation_event", "held_reply"]
    return json.dumps([[str(row) for row in await desk.store.look(f"SELECT * FROM {t}")] for t in tables])


async def test_what_waits_never_gets_into_the_room(desk, host, customer) -> None:
    await desk.write(host, customer, "hello", FIRST)
    await complete(host, customer)
    await desk.write(host, customer, "and more")
    await send(desk, host)
    assert desk.server.bodies == ["#1001 · anonymous\nhello\n\nand more"]
    assert "abandon" not in await everything(desk)
    assert await desk.redact(host) == []


@pytest.mark.parametrize("state", ["sent", "delivered", "unconfirmed", "unreported", "failed"])
async def test_what_is_in_the_room_is_redacted_and_the_rest_of_it_posted_again(
    desk, host, customer, state
) -> None:
    await desk.write(host, customer, "hello", FIRST)
    await send(desk, host)
    (post,) = desk.server.events
    if state == "delivered":
        report(desk, post.event_id)
        await host.inbox.catch_up()
    await host.database._inner.execute(f"UPDATE batch SET state = '{state}'")
    await complete(host, customer)
    assert (await desk.states())[0] == "dropped"
    assert "abandon" not in await everything(desk)
    assert await desk.redact(host) == [post.event_id]
    await send(desk, host)
    notice = "#1001: parts of messages were taken back, as they belonged to a secret"
    assert sorted(desk.server.bodies) == ["#1001 · anonymous\nhello", notice]


async def test_a_post_under_way_is_redacted_as_soon_as_it_is_there(desk, host, customer) -> None:
    await desk.write(host, customer, "hello", FIRST)
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting, "a post is under way")
    await complete(host, customer)
    assert await desk.redact(host) == []
    desk.server.open.set()
    await desk.eventually(lambda: desk.store.look("SELECT 1 FROM redaction"), "a redaction is asked for")
    first = desk.server.events[0]
    assert "abandon" in str(first.content)
    assert await desk.redact(host) == [first.event_id]
    await send(desk, host)
    assert "#1001 · anonymous\nhello" in desk.server.bodies
    assert "abandon" not in str(desk.server.events)
    assert (await desk.states())[0] == "dropped"
    # It was in the group, and Telegram has counted it.
    assert await desk.store.look("SELECT 1 FROM batch WHERE state = 'dropped' AND sent_at IS NOT NULL")


async def test_a_post_that_only_the_room_knows_of_is_redacted_when_it_is_read(desk, host, customer) -> None:
    await desk.write(host, customer, FIRST)
    (batch,), _ = await desk.take(host)
    await complete(host, customer)
    event_id = desk.server.add_post(batch, 0, f"#1001\n{FIRST}")
    await host.inbox.catch_up()
    assert await desk.redact(host) == [event_id]
    await host.inbox.catch_up()
    assert "abandon" not in await everything(desk)


async def test_what_others_say_is_a_post_of_ours_is_not_redacted(desk, host, customer) -> None:
    await desk.write(host, customer, FIRST)
    (batch,), _ = await desk.take(host)
    await complete(host, customer)
    desk.server.add_post(batch, 0, "mine", sender=desk.stranger)
    await host.inbox.catch_up()
    assert await desk.redact(host) == []


@pytest.mark.parametrize("permanent", [True, False])
async def test_a_dropped_batch_that_fails_is_not_given_up_nor_tried_again(
    desk, host, customer, permanent
) -> None:
    await desk.write(host, customer, FIRST)
    desk.server.open.clear()
    desk.server.failures.append(MatrixFailed("no", permanent=permanent))
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting, "a post is under way")
    await complete(host, customer)
    desk.server.open.set()
    await desk.eventually(lambda: not host.relay._under_way, "the post failed")
    await host.relay.stop()
    assert (await desk.states())[0] == "dropped"
    assert [post.body for _, post in desk.server.requests if "abandon" in post.body][1:] == []
    assert not any("did not get through" in text for text in await desk.answers())


async def test_a_batch_that_waits_for_its_next_try_is_never_sent(desk, host, customer) -> None:
    await desk.write(host, customer, FIRST)
    desk.server.failures.append(MatrixFailed("down"))
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.requests and not host.relay._under_way, "it failed")
    await complete(host, customer)
    desk.clock.advance(timedelta(days=2))
    await desk.write(host, customer, "later")
    await send(desk, host)
    assert desk.server.bodies[-1].endswith("later")
    assert "abandon" not in str(desk.server.bodies)


async def test_neither_resend_nor_release_sends_what_was_taken_back(desk, host, customer) -> None:
    first = await desk.post(host, customer, "hello")
    await desk.write(host, customer, FIRST)
    await send(desk, host)
    await host.database._inner.execute("UPDATE batch SET state = 'failed'")
    await complete(host, customer)
    await desk.redact(host)
    assert await desk.order(host, first, "/resend") == "✓ #1001 1 sent again"
    assert await desk.order(host, first, "/release") == "#1001: nothing is held"
    await send(desk, host)
    assert "abandon" not in str(desk.server.events)


@pytest.mark.parametrize("when", ["delivered", "sent", "under way", "asked for"])
async def test_no_delivered_mark_brings_the_text_back(desk, host, customer, when) -> None:
    await desk.write(host, customer, "hello", FIRST)
    await send(desk, host)
    post = desk.server.events[0].event_id
    desk.server.reply(desk.alice, post, "hi")
    await host.inbox.catch_up()
    if when == "under way":
        desk.server.open.clear()
        host.relay.worker.start()
        await desk.eventually(lambda: desk.server.waiting, "the mark is under way")
    elif when != "asked for":
        await send(desk, host)
        mark = desk.server.events[-1]
        assert mark.content["edits"] == post
        if when == "delivered":
            report(desk, mark.event_id)
            await host.inbox.catch_up()
    await complete(host, customer)
    assert "abandon" not in await everything(desk)
    desk.server.open.set()
    await send(desk, host)
    assert post in await desk.redact(host)
    assert "abandon" not in str(desk.server.events)
    # The post that came instead is marked once it is answered.
    assert not any("edits" in event.content for event in desk.server.events)
    again = next(e for e in desk.server.events if e.content.get("body") == "#1001 · anonymous\nhello")
    desk.server.reply(desk.alice, again.event_id, "hi again")
    await host.inbox.catch_up()
    await send(desk, host)
    assert desk.server.events[-1].content["edits"] == again.event_id


async def test_a_reply_to_a_redacted_post_still_finds_its_ticket(desk, host, customer) -> None:
    post = await desk.post(host, customer, FIRST)
    await complete(host, customer)
    await desk.redact(host)
    desk.server.reply(desk.alice, post, "we are here")
    await host.inbox.catch_up()
    assert await desk.store.look(
        "SELECT author_name, ticket, text FROM message WHERE author_kind = 'moderator'"
    ) == [("Alice", 1001, "we are here")]


async def test_what_a_block_holds_goes_without_a_sign_and_the_rest_stays_held(desk, host, customer) -> None:
    now = desk.clock.now()
    async with host.database.transaction() as tx:
        await tx.blocks.add(
            Block(
                id="b",
                customer_id=customer,
                kind="block",
                reason=None,
                by_id="m1",
                by_name="Alice",
                created_at=now,
                expires_at=None,
            )
        )
    await desk.write(host, customer, "hello", FIRST)
    host.relay.worker.start()
    await desk.eventually(desk.nothing_waits, "it is held")
    await complete(host, customer)
    await desk.eventually(desk.nothing_waits, "the rest is held")
    await host.relay.stop()
    assert await desk.states() == ["dropped", "held"]
    assert await desk.store.look("SELECT parts FROM batch WHERE state = 'held'") == [
        (json.dumps(["#1001 · anonymous\nhello"]),)
    ]
    assert "abandon" not in await everything(desk)
    assert await desk.answers() == []
    # What stood in for it goes the way of what it stood for.
    assert len(await desk.redact(host)) == 1
    assert {event.room_id for event in desk.server.events} == {desk.quiet}


async def test_what_got_out_before_a_block_is_redacted_without_a_word(desk, host, customer) -> None:
    post = await desk.post(host, customer, FIRST)
    assert "until" in await desk.order(host, post, "/block")
    await complete(host, customer)
    assert post in await desk.redact(host)
    assert len(await desk.answers()) == 1


@pytest.mark.parametrize("first", ["noted", "taken back"])
async def test_one_who_notes_a_post_and_one_who_takes_it_back_wait_for_each_other(
    desk, host, customer, first
) -> None:
    """On PostgreSQL neither sees what the other is about to write."""
    await desk.write(host, customer, FIRST)
    (batch,), _ = await desk.take(host)
    event_id = desk.server.add_post(batch, 0, FIRST)
    done, go_on = asyncio.Event(), asyncio.Event()

    async def note(tx) -> None:
        await host.relay._delivery.note_posts(tx, batch, 1, {0: event_id}, desk.bot)

    async def take_back(tx) -> None:
        messages = await tx.conversations.list_last_own(customer, 1)
        await recall(tx, messages, desk.clock.now())

    async def act(what, *, slowly: bool) -> None:
        async with host.database.transaction() as tx:
            await what(tx)
            if slowly:
                done.set()
                await go_on.wait()

    order = [note, take_back] if first == "noted" else [take_back, note]
    acts = [asyncio.create_task(act(order[0], slowly=True))]
    await done.wait()
    acts.append(asyncio.create_task(act(order[1], slowly=False)))
    if desk.store.engine == "postgresql":
        waits = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE batch%'"
        )
        await waits_or(desk, waits, go_on)
    go_on.set()
    await asyncio.gather(*acts)
    assert await desk.redact(host) == [event_id]
    assert await desk.states() == ["dropped"]


async def test_no_batch_is_made_of_what_is_being_taken_back(desk, host, customer) -> None:
    """Nor a mark, which would repeat it."""
    await desk.write(host, customer, FIRST)
    other = await desk.start_host(name="other")
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def make() -> None:
        async with other.database.transaction() as tx:
            assert await tx.batches.lock_making()
            taken.set()
            await go_on.wait()
            rows = await tx.outbox.list_rows(customer, 10)
            draft = await other.maker._join(tx, rows, desk.clock.now())
            assert FIRST in draft.parts[0]

    making = asyncio.create_task(make())
    await taken.wait()
    recalling = asyncio.create_task(complete(host, customer))
    if desk.store.engine == "postgresql":
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%maker%'"
        await waits_or(desk, waits, go_on)
    go_on.set()
    await asyncio.gather(making, recalling)
    assert await desk.take(host) == ([], None)


async def test_a_dropped_batch_hears_of_nothing(desk, host, customer) -> None:
    """Of another host that has read the state before."""
    await desk.write(host, customer, FIRST)
    (batch,), _ = await desk.take(host)
    await complete(host, customer)
    now = desk.clock.now()
    async with host.database.transaction() as tx:
        await tx.batches.set_sent(batch.id, now)
        await tx.batches.set_delivered(batch.id, now)
        await tx.batches.send_again(batch.id, now, timedelta(), None)
        assert not await tx.batches.set_failed(batch.id, "no")
        assert not await tx.batches.end(batch, "held")
        assert await tx.batches.start_attempt(batch, "DEVICE", now) is None
        assert await tx.batches.lease(batch, "host", now) is None
        await tx.batches.put_off(batch, now, "no")
        assert await tx.batches.get_state(batch.id) == "dropped"
        assert await tx.batches.list_due(now, 10) == []


# Direct conversations


async def test_a_part_in_a_direct_room_is_redacted_there_and_the_group_hears_nothing(
    desk, host, customer
) -> None:
    room = await desk.private_room(host, "Carol", customer, FIRST)
    await complete(host, customer)
    (post,) = [event for event in desk.server.events if event.room_id == room]
    assert await desk.redact(host) == [post.event_id]
    assert "abandon" not in str(desk.server.events) + await everything(desk)
    assert await desk.answers() == []
    (notice,) = await desk.store.look(
        "SELECT channel, moderator_id FROM message WHERE author_kind = 'system'"
    )
    assert notice == ("direct", await desk.moderator(host, "Carol"))


async def test_parts_in_both_channels_are_one_phrase(desk, host, customer) -> None:
    words = f"{FIRST} {SECOND}".split()
    post = await desk.post(host, customer, " ".join(words[:4]))
    room = await desk.private_room(host, "Carol", customer, " ".join(words[4:8]))
    (direct,) = [event.event_id for event in desk.server.events if event.room_id == room]
    with pytest.raises(SecretRefused) as refused:
        await host.intake.take_message(customer, str(uuid.uuid4()), " ".join(words[8:]))
    assert refused.value.members == {"kind": "phrase", "earlier": True}
    assert set(await desk.redact(host)) == {post, direct}
    assert await desk.answers() == ["#1001: parts of messages were taken back, as they belonged to a secret"]


async def test_a_post_under_way_to_a_direct_room_is_redacted_when_it_is_there(desk, host, customer) -> None:
    room = await desk.private_room(host, "Carol", customer, "Psst")
    await desk.write_to(host, "Carol", customer, FIRST)
    desk.server.open.clear()
    host.direct_relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting, "a post is under way")
    await complete(host, customer)
    desk.server.open.set()
    await desk.eventually(lambda: desk.store.look("SELECT 1 FROM redaction"), "a redaction is asked for")
    await host.direct_relay.stop()
    await desk.redact(host)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]
