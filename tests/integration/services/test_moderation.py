"""Moderators' commands: what they change, what the team is told, and what the audit log keeps."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from plugin.db.inbox import InboxRepository
from plugin.domain.errors import Unavailable

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def is_held(desk, host, customer) -> bool:
    """Whether what the customer writes now is held."""
    desk.configure(join_within=0, per_minute=0)
    await desk.write(host, customer, f"at {desk.clock.now()}")
    batches, _ = await desk.take(host)
    (batch,) = [batch for batch in batches if batch.lane == customer]
    for one in batches:
        await desk.end(host, one, "delivered" if one.held else "sent")
    return batch.held


async def blocks(desk) -> list[tuple]:
    return await desk.store.look(
        "SELECT kind, reason, by_name, created_at, expires_at, lifted_at FROM block ORDER BY created_at, id"
    )


def ms(at) -> int:
    return round(at.timestamp() * 1000)


@pytest.fixture
async def post(desk, host, customer) -> str:
    """Give the event of the customer's first message in the room."""
    return await desk.post(host, customer)


async def test_a_block_of_the_usual_length(desk, host, customer, post) -> None:
    now = desk.clock.now()
    assert await desk.order(host, post, "/block sent me a virus") == "✓ #1001 until 04 Mar 12:00 UTC"
    assert await blocks(desk) == [
        ("block", "sent me a virus", "Alice", ms(now), ms(now + 3 * DAY), None),
    ]
    assert await is_held(desk, host, customer)
    desk.clock.set(now + 3 * DAY - timedelta(milliseconds=1))
    assert await is_held(desk, host, customer)
    desk.clock.advance(0.001)
    assert not await is_held(desk, host, customer)


async def test_a_timeout_of_a_given_length(desk, host, customer, post) -> None:
    now = desk.clock.now()
    assert await desk.order(host, post, "/timeout 2h30m calm down") == "✓ #1001 until 01 Mar 14:30 UTC"
    assert await blocks(desk) == [("timeout", "calm down", "Alice", ms(now), ms(now + 2.5 * HOUR), None)]


async def test_a_longer_wish_is_cut_and_the_team_is_told(desk, host, customer, post) -> None:
    now = desk.clock.now()
    answer = await desk.order(host, post, "/block 60d")
    assert answer == "✓ #1001 until 31 Mar 12:00 UTC (the longest allowed)"
    assert (await blocks(desk))[0][4] == ms(now + 30 * DAY)
    assert await desk.order(host, post, "/block 30d") == "✓ #1001 until 31 Mar 12:00 UTC"


async def test_a_usual_length_above_the_longest_is_cut_without_a_word(desk, host, customer, post) -> None:
    desk.configure(default=DAY, longest=HOUR)
    assert await desk.order(host, post, "/block") == "✓ #1001 until 01 Mar 13:00 UTC"


async def test_without_a_longest_a_long_wish_is_granted(desk, host, customer, post) -> None:
    desk.configure(longest=None)
    assert await desk.order(host, post, "/block 52w") == "✓ #1001 until 28 Feb 12:00 UTC"


@pytest.mark.parametrize("wish", ["999999w", "99999d", "999999w999999w"])
async def test_an_absurd_wish_is_carried_out_or_explained(desk, host, customer, post, wish) -> None:
    """These end after the year 9999, which no date reaches; the moderator must not hear nothing."""
    desk.configure(longest=None)
    answer = await desk.order(host, post, f"/block {wish}")
    assert (await desk.outcomes())[-1] == "command"
    if answer.startswith("✓"):
        assert await is_held(desk, host, customer)
    else:
        assert wish in answer
        assert await blocks(desk) == []


async def test_unblock_ends_it_at_once(desk, host, customer, post) -> None:
    await desk.order(host, post, "/block")
    assert await is_held(desk, host, customer)
    desk.clock.advance(10)
    assert await desk.order(host, post, "/unblock") == "✓ #1001 unblocked"
    assert not await is_held(desk, host, customer)
    assert (await blocks(desk))[0][5] == ms(desk.clock.now())


async def test_unblock_where_nothing_is_blocked(desk, host, customer, post) -> None:
    assert await desk.order(host, post, "/unblock") == "#1001 is not blocked"
    await desk.order(host, post, "/timeout 1m")
    desk.clock.advance(60)
    assert await desk.order(host, post, "/unblock") == "#1001 is not blocked"


@pytest.mark.parametrize(("second", "until"), [("/block 10d", 10 * DAY), ("/timeout 1h", HOUR)])
async def test_a_second_block_replaces_the_first_be_it_longer_or_shorter(
    desk, host, customer, post, second, until
) -> None:
    await desk.order(host, post, "/block 1d")
    now = desk.clock.advance(60)
    await desk.order(host, post, second)
    assert [(row[4] - ms(now), row[5]) for row in await blocks(desk)] == [
        ((DAY - timedelta(seconds=60)) / timedelta(milliseconds=1), ms(now)),
        (until / timedelta(milliseconds=1), None),
    ]
    desk.clock.set(now + until - timedelta(seconds=1))
    assert await is_held(desk, host, customer)
    desk.clock.advance(1)
    assert not await is_held(desk, host, customer)


async def test_one_unblock_ends_all_of_several(desk, host, customer, post) -> None:
    await desk.order(host, post, "/block 1d")
    await desk.order(host, post, "/block 2d")
    assert await desk.order(host, post, "/unblock") == "✓ #1001 unblocked"
    assert not await is_held(desk, host, customer)


async def test_a_late_command_counts_from_when_it_was_written(desk, host, customer, post) -> None:
    """The plugin was down for half an hour; the moderator meant one hour from then."""
    written = desk.clock.now()
    desk.clock.advance(HOUR / 2)
    answer = await desk.order(host, post, "/timeout 1h", at=written)
    assert answer == f"✓ #1001 until {written + HOUR:%d %b %H:%M} UTC"
    assert (await blocks(desk))[0][3:5] == (ms(written), ms(written + HOUR))
    desk.clock.set(written + HOUR)
    assert not await is_held(desk, host, customer)


async def test_what_was_written_after_a_late_command_is_held(desk, host, customer, post) -> None:
    desk.configure(join_within=3600)
    ordered = desk.clock.now()
    desk.clock.advance(60)
    await desk.write(host, customer, "after the command, before it was read")
    desk.clock.advance(600)
    await desk.order(host, post, "/timeout 5m", at=ordered)
    desk.clock.advance(HOUR)
    batches, _ = await desk.take(host)
    assert [batch.held for batch in batches if batch.lane == customer] == [True]


async def test_what_was_written_in_the_second_of_an_unblock_and_before_it_stays_held(
    desk, host, customer, post
) -> None:
    """Telegram's times are whole seconds: by them, the command is from before the message."""
    desk.configure(join_within=3600)
    second = desk.clock.now()
    await desk.order(host, post, "/timeout 1h")
    desk.clock.advance(0.3)
    await desk.write(host, customer, "under the block")
    desk.clock.advance(0.3)
    assert await desk.order(host, post, "/unblock", at=second) == "✓ #1001 unblocked"
    desk.clock.advance(0.1)
    await desk.write(host, customer, "after it")
    desk.clock.advance(HOUR)
    taken = []
    for _ in range(2):
        batches, _ = await desk.take(host)
        (batch,) = [batch for batch in batches if batch.lane == customer]
        await desk.end(host, batch, "delivered" if batch.held else "sent")
        text = (await desk.original(host, batch)).parts[0].split("\n")[-1]
        taken.append((text, batch.held))
    assert taken == [("under the block", True), ("after it", False)]


async def test_a_block_and_its_unblock_read_together_leave_no_block(desk, host, customer, post) -> None:
    desk.server.reply(desk.alice, post, "/block 1d")
    desk.clock.advance(5)
    desk.server.reply(desk.bob, post, "/unblock")
    desk.clock.advance(600)
    await host.inbox.catch_up()
    assert await desk.answers() == ["✓ #1001 until 02 Mar 12:00 UTC", "✓ #1001 unblocked"]
    assert not await is_held(desk, host, customer)


async def test_a_block_is_for_all_of_a_customers_messages_and_nobody_elses(
    desk, host, customer, post
) -> None:
    other = await desk.customer(host)
    await desk.order(host, post, "/block")
    assert not await is_held(desk, host, other)
    assert await is_held(desk, host, customer)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("/bloc", "/bloc is not a command, and was not sent"),
        ("/shut", "/shut is not a command, and was not sent"),
        ("/block 3x", "3x is not a length of time"),
        ("/timeout 0m", "A length of 0m is none"),
        ("/", None),
    ],
)
async def test_a_misused_command_changes_nothing_and_is_explained(
    desk, host, customer, post, text, hint
) -> None:
    desk.server.reply(desk.alice, post, text)
    await host.inbox.catch_up()
    assert await blocks(desk) == []
    assert await desk.store.look("SELECT 1 FROM audit") == []
    if hint:
        (answer,) = await desk.answers()
        assert answer.startswith(f"#1001: {hint}")
        assert len(await desk.conversation(host, customer)) == 1


async def test_a_command_is_never_a_message_to_the_customer(desk, host, customer, post) -> None:
    for text in ("/block", "!timeout 1h", "BLOCK_USER", "/UNBLOCK", "/nonsense", "/block@somebot 2d"):
        await desk.order(host, post, text)
    assert await desk.conversation(host, customer) == [("customer", "Hello")]
    assert (await desk.outcomes())[-6:] == ["command"] * 6


async def test_the_audit_log_says_who_did_what_to_whom_when(desk, host, customer, post) -> None:
    blocked = desk.clock.now()
    await desk.order(host, post, "/timeout 1h rude")
    unblocked = desk.clock.advance(60)
    await desk.order(host, post, "/unblock")
    await desk.order(host, post, "/unblock")
    rows = await desk.store.look(
        "SELECT at, actor_id, actor_name, action, target, detail FROM audit ORDER BY at, id"
    )
    ((alice,),) = await desk.store.look("SELECT id FROM moderator WHERE name = 'Alice'")
    ((block_id,),) = await desk.store.look("SELECT id FROM block")
    target = {"customer": customer, "ticket": 1001}
    made = {
        "block": block_id,
        "kind": "timeout",
        "until": "2026-03-01T13:00:01.000+00:00",
        "reason_length": len("rude"),
    }
    assert [(*row[:4], json.loads(row[4]), json.loads(row[5])) for row in rows] == [
        (ms(blocked), alice, "Alice", "block.created", target, made),
        (ms(unblocked), alice, "Alice", "block.lifted", target, {"block": block_id}),
    ]


async def test_an_answer_that_fails_undoes_the_order_with_it(desk, host, customer, post, monkeypatch) -> None:
    """The order, its answer and the mark that it is done are one: else it would be done twice, or untold."""
    finish, failed = InboxRepository.finish, []

    async def fail_once(*args):
        if not failed:
            failed.append(1)
            raise Unavailable(retry_after=2)
        return await finish(*args)

    monkeypatch.setattr(InboxRepository, "finish", fail_once)
    desk.server.reply(desk.alice, post, "/block")
    with pytest.raises(Unavailable):
        await host.inbox.catch_up()
    assert await blocks(desk) == []
    assert await desk.answers() == []
    await host.inbox.catch_up()
    assert len(await blocks(desk)) == len(await desk.answers()) == 1


async def test_an_answer_is_no_target_for_a_reply(desk, host, customer, post) -> None:
    desk.configure(join_within=0)
    await desk.order(host, post, "/unblock")
    host.relay.worker.start()
    await desk.eventually(lambda: "#1001 is not blocked" in desk.server.bodies, "the answer is sent")
    answer = desk.server.events[-1].event_id
    await desk.eventually(lambda: _no_open(desk), "and ended")
    desk.server.reply(desk.alice, answer, "thanks, bot")
    await host.inbox.catch_up()
    assert len(await desk.conversation(host, customer)) == 1
    assert (await desk.outcomes())[-1] == "talk"


async def _no_open(desk) -> bool:
    return "open" not in await desk.states()


async def test_the_relay_is_woken_by_an_order(desk, host, customer, post) -> None:
    host.relay.worker.start()
    await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it sleeps")
    desk.server.reply(desk.alice, post, "/unblock")
    await host.inbox.catch_up()
    await desk.eventually(lambda: "#1001 is not blocked" in desk.server.bodies, "the answer is sent")
