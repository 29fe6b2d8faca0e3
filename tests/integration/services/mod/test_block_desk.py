"""Blocks made, changed and lifted at the console: the same rules and the same record as of a command."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.commands import Command
from plugin.domain.errors import Conflict, Forbidden, Invalid, NotFound
from plugin.domain.model import Session
from plugin.services.block_acts import BlockChange
from tests.integration.services.doors import WALLET

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BLOCK, TIMEOUT = Command(verb="block"), Command(verb="timeout", length=HOUR, text="rude")


@pytest.fixture
async def post(desk, host, customer) -> str:
    """Give the event of the customer's first message in the room."""
    return await desk.post(host, customer)


async def audit(desk) -> list[tuple]:
    """Return who did what to whom, with every detail but the ids of blocks."""
    rows = await desk.store.look("SELECT actor_name, action, target, detail FROM audit ORDER BY at, id")
    details = [json.loads(detail) for *_, detail in rows]
    assert all(len(detail.pop("block")) == 26 for detail in details)
    return [(*row[:2], json.loads(row[2]), detail) for row, detail in zip(rows, details, strict=True)]


async def stored(desk) -> list[tuple]:
    return await desk.store.look(
        "SELECT kind, reason, by_name, created_at, expires_at, lifted_at, direct_id FROM block ORDER BY id"
    )


async def test_a_block_is_the_same_as_by_command(desk, host, customer, post, blocks, team) -> None:
    await desk.order(host, post, "/timeout 1h rude")
    desk.clock.advance(60)
    await desk.order(host, post, "/unblock")
    desk.clock.advance(60)
    made = await blocks.add(await team("Alice"), customer, TIMEOUT)
    desk.clock.advance(60)
    await blocks.lift(await team("Alice"), made.entry.block.id)
    by_command, by_console = await stored(desk)
    shift = 120_000
    assert by_console == (*by_command[:3], *(at + shift for at in by_command[3:6]), None)
    first, lifted, *rest = await audit(desk)
    until = made.entry.block.expires_at.isoformat(timespec="milliseconds")
    assert rest == [(*first[:3], {**first[3], "until": until}), lifted]


async def test_no_text_is_in_the_log(desk, customer, post, blocks, team) -> None:
    made = await blocks.add(await team("Alice"), customer, TIMEOUT)
    desk.clock.advance(1)
    await blocks.change(
        await team("Bob"), made.entry.block.id, BlockChange(reason="other words", has_reason=True)
    )
    log = str(await audit(desk))
    assert "rude" not in log
    assert "words" not in log
    assert [(who, action, detail["reason_length"]) for who, action, _, detail in await audit(desk)] == [
        ("Alice", "block.created", 4),
        ("Bob", "block.updated", 11),
    ]


async def test_the_usual_length_and_the_longest(desk, customer, post, blocks, team) -> None:
    alice, now = await team("Alice"), desk.clock.now()
    assert (await blocks.add(alice, customer, BLOCK)).entry.block.expires_at == now + 3 * DAY
    longest = replace(BLOCK, length=30 * DAY)
    assert (await blocks.add(alice, customer, longest)).entry.block.expires_at == now + 30 * DAY
    desk.configure(default=DAY, longest=HOUR)
    assert (await blocks.add(alice, customer, BLOCK)).entry.block.expires_at == now + HOUR


@pytest.mark.parametrize("wish", [{"length": 30 * DAY + timedelta(seconds=1)}, {"forever": True}])
async def test_longer_than_the_longest_is_refused_by_name(desk, customer, post, blocks, team, wish) -> None:
    with pytest.raises(Invalid) as refused:
        await blocks.add(await team("Alice"), customer, replace(BLOCK, **wish))
    assert refused.value.members == {"field": "duration", "longest": "4w2d"}
    assert await stored(desk) == []
    desk.configure(longest=None)
    made = await blocks.add(await team("Alice"), customer, replace(BLOCK, **wish))
    assert (made.entry.block.expires_at is None) == bool(wish.get("forever"))


async def test_the_group_hears_of_it_and_of_who_did_it(desk, customer, post, blocks, team) -> None:
    made = await blocks.add(await team("Alice"), customer, TIMEOUT)
    later = made.entry.block.expires_at + HOUR
    await blocks.change(await team("Bob"), made.entry.block.id, BlockChange(expires_at=later, has_end=True))
    await blocks.change(await team("Bob"), made.entry.block.id, BlockChange(reason="why", has_reason=True))
    await blocks.lift(await team("Alice"), made.entry.block.id)
    assert await desk.answers() == [
        "✓ #1001 until 01 Mar 13:00 UTC · Alice (console)",
        "✓ #1001 until 01 Mar 14:00 UTC · Bob (console)",
        "✓ #1001 unblocked · Alice (console)",
    ]


async def test_a_desk_that_announces_nothing_is_quiet(desk, customer, post, blocks, team) -> None:
    habits = replace(desk.settings.block_habits, announce_in_room=False)
    desk.configure(block_habits=habits)
    made = await blocks.add(await team("Alice"), customer, TIMEOUT)
    await blocks.lift(await team("Alice"), made.entry.block.id)
    assert await desk.answers() == []


async def test_the_group_hears_nothing_of_who_writes_in_private_only(
    desk, host, customer, blocks, team
) -> None:
    await desk.write_to(host, "Carol", customer, "Psst")
    await blocks.add(await team("Carol"), customer, TIMEOUT)
    assert await desk.answers() == []


async def test_a_block_in_private_is_told_to_nobody(desk, host, customer, post, blocks, team) -> None:
    carol, bob = await team("Carol"), await team("Bob")
    with pytest.raises(NotFound):
        await blocks.add(carol, customer, TIMEOUT, is_private=True)
    await desk.write_to(host, "Carol", customer, "Psst")
    made = await blocks.add(carol, customer, TIMEOUT, is_private=True)
    assert made.entry.block.direct_id is not None
    with pytest.raises(Forbidden):
        await blocks.change(bob, made.entry.block.id, BlockChange(reason="mine", has_reason=True))
    end = BlockChange(expires_at=made.entry.block.expires_at + HOUR, has_end=True)
    assert (await blocks.change(bob, made.entry.block.id, end)).entry.block.reason == "rude"
    await blocks.lift(bob, made.entry.block.id)
    assert await desk.answers() == []
    assert {tuple(target) for _, _, target, _ in await audit(desk)} == {("customer", "direct")}


@pytest.mark.parametrize(
    ("end", "at_least"), [(timedelta(0), None), (-HOUR, None), (30 * DAY + timedelta(seconds=1), "4w2d")]
)
async def test_an_end_that_is_past_or_too_far_away_is_refused(
    desk, customer, post, blocks, team, end, at_least
) -> None:
    made = await blocks.add(await team("Alice"), customer, TIMEOUT)
    now = desk.clock.advance(600)
    with pytest.raises(Invalid) as refused:
        await blocks.change(
            await team("Alice"), made.entry.block.id, BlockChange(expires_at=now + end, has_end=True)
        )
    assert refused.value.members == {"field": "expires_at", **({"longest": at_least} if at_least else {})}


async def test_a_block_becomes_one_for_ever_only_where_that_is_allowed(
    desk, customer, post, blocks, team
) -> None:
    alice, forever = await team("Alice"), BlockChange(has_end=True)
    made = await blocks.add(alice, customer, TIMEOUT)
    with pytest.raises(Invalid):
        await blocks.change(alice, made.entry.block.id, forever)
    desk.configure(longest=None)
    assert (await blocks.change(alice, made.entry.block.id, forever)).entry.block.expires_at is None


async def test_what_is_not_meant_stays(desk, customer, post, blocks, team) -> None:
    alice = await team("Alice")
    made = (await blocks.add(alice, customer, TIMEOUT)).entry.block
    later = made.expires_at + HOUR
    changed = (await blocks.change(alice, made.id, BlockChange(expires_at=later, has_end=True))).entry.block
    assert changed == replace(made, expires_at=later)
    changed = (await blocks.change(alice, made.id, BlockChange(has_reason=True))).entry.block
    assert changed == replace(made, expires_at=later, reason=None)


@pytest.mark.parametrize("ended", ["lifted", "over"])
async def test_what_has_ended_is_neither_changed_nor_lifted(
    desk, customer, post, blocks, team, ended
) -> None:
    alice = await team("Alice")
    made = (await blocks.add(alice, customer, TIMEOUT)).entry.block
    if ended == "lifted":
        await blocks.lift(alice, made.id)
    else:
        desk.clock.set(made.expires_at)
    with pytest.raises(Conflict):
        await blocks.lift(alice, made.id)
    change = BlockChange(expires_at=desk.clock.now() + HOUR, has_end=True)
    with pytest.raises(Conflict):
        await blocks.change(alice, made.id, change)


async def test_a_second_block_takes_the_place_of_the_first(desk, customer, post, blocks, team) -> None:
    first = await blocks.add(await team("Alice"), customer, TIMEOUT)
    second = await blocks.add(await team("Bob"), customer, BLOCK)
    page = await blocks.list_page(await team("Bob"), active=True, before=None, limit=10)
    assert [view.entry.block for view in page.items] == [second.entry.block]
    page = await blocks.list_page(await team("Bob"), active=False, before=None, limit=10)
    assert [view.entry.block.id for view in page.items] == [first.entry.block.id]


async def test_lifting_ends_the_copies_that_hold_who_the_customer_signed_in_as(
    desk, doors, blocks, team
) -> None:
    former, token = await doors.come(), await doors.come()
    await doors.sign_in(token, WALLET)
    await doors.write(former, "Hello")
    made = await blocks.add(await team("Alice"), (await doors.who(former)).id, TIMEOUT)
    proven = await doors.sign_in(former, WALLET)
    assert await doors.is_held(proven)
    await blocks.lift(await team("Alice"), made.entry.block.id)
    assert not await doors.is_held(proven)
    assert len(await desk.store.look("SELECT 1 FROM block WHERE lifted_at IS NOT NULL")) == 2


async def test_nobody_is_blocked_who_is_not_there(desk, host, customer, post, blocks, team, doors) -> None:
    alice = await team("Alice")
    with pytest.raises(NotFound):
        await blocks.add(alice, "0" * 26, BLOCK)
    token, other = await doors.come(), await doors.come()
    joining = (await doors.who(other)).id
    await desk.write(host, joining, "Hello")  # or there is nothing to join
    await doors.sign_in(token, WALLET)
    await doors.sign_in(other, WALLET, joins=True)
    with pytest.raises(NotFound):
        await blocks.add(alice, joining, BLOCK)
    session = Session(id="s", customer_id=customer, created_at=desk.clock.now(), ended_at=None)
    await host.privacy.erase(session)
    with pytest.raises(NotFound):
        await blocks.add(alice, customer, BLOCK)


async def test_the_customer_gets_the_same_whatever_happens_to_the_block(
    desk, host, customer, post, blocks, team
) -> None:
    alice, other = await team("Alice"), await desk.customer(host)
    await desk.write(host, other, "Hello")

    async def both_write(text: str) -> None:
        for one in (customer, other):
            await desk.write(host, one, text)

    made = await blocks.add(alice, customer, TIMEOUT)
    await both_write("one")
    later = BlockChange(expires_at=made.entry.block.expires_at + HOUR, has_end=True)
    await blocks.change(alice, made.entry.block.id, later)
    await both_write("two")
    await blocks.lift(alice, made.entry.block.id)
    await both_write("three")
    assert await desk.conversation(host, customer) == await desk.conversation(host, other)


async def test_pages_follow_each_other(desk, host, blocks, team) -> None:
    alice, made = await team("Alice"), []
    for _ in range(5):
        desk.clock.advance(1)
        made.append((await blocks.add(alice, await desk.customer(host), BLOCK)).entry.block.id)
    seen, before = [], None
    while True:
        page = await blocks.list_page(alice, active=None, before=before, limit=2)
        seen += [view.entry.block.id for view in page.items]
        if page.next is None:
            break
        before = page.next
    assert seen == made[::-1]
