"""Private conversations in their moderator's list, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.domain.model import Author, Direct, Moderator


@pytest.fixture
async def directs(database, seed, make) -> list[Direct]:
    """Give conversations of three customers with Carol, begun one after the other, and one with Dave."""
    team = [
        Moderator(id=name, name=name, role="moderator", telegram_id=None, mxid=f"@{name}:example.org")
        for name in ("carol", "dave")
    ]
    made = []
    async with database.transaction() as tx:
        for moderator in team:
            await tx.moderators.add(moderator)
    for number, moderator_id in enumerate(["carol", "carol", "carol", "dave"]):
        customer_id = f"c{number}"
        await seed.customer(customer_id)
        direct = Direct(id=f"d{number}", customer_id=customer_id, moderator_id=moderator_id, room_id=None)
        async with database.transaction() as tx:
            await tx.directs.add(direct, make.at(number))
        made.append(direct)
    return made


async def listed(database, moderator_id: str = "carol", after=None, limit: int = 10):
    async with database.snapshot() as tx:
        return await tx.directs.list_page(moderator_id, after, limit)


async def say(database, make, direct: Direct, seq: int, text: str = "text", *, by: str | None = None) -> None:
    message = make.message(
        seq, direct.customer_id, channel="direct", ticket=None, moderator_id=direct.moderator_id, text=text
    )
    if by is not None:
        author = Author(kind="moderator", id=by, name=by, verified=True)
        message = replace(message, author=author, client_id=None)
    async with database.transaction() as tx:
        await tx.conversations.advance(direct.customer_id)
        await tx.conversations.add_message(message, seq)
        await tx.directs.touch(direct.id, message.created_at)


async def test_used_last_comes_first_and_only_ones_own(database, make, directs) -> None:
    assert [entry.id for entry in await listed(database)] == ["d2", "d1", "d0"]
    assert [entry.id for entry in await listed(database, "dave")] == ["d3"]
    async with database.transaction() as tx:
        await tx.directs.touch("d0", make.at(50))
    assert [entry.id for entry in await listed(database)] == ["d0", "d2", "d1"]


async def test_pages_go_on_where_the_one_before_ended(database, make, directs) -> None:
    async with database.transaction() as tx:
        for direct in directs:
            # At the same moment: then the ids decide.
            await tx.directs.touch(direct.id, make.at(50))
    first = await listed(database, limit=2)
    assert [entry.id for entry in first] == ["d2", "d1"]
    assert [entry.id for entry in await listed(database, after=first[-1].place)] == ["d0"]


async def test_an_entry_shows_the_newest_words(database, make, directs) -> None:
    (nothing,) = await listed(database, "dave")
    assert (nothing.last, nothing.last_seq, nothing.undelivered) == (None, 0, 0)
    await say(database, make, directs[3], 1, "first")
    await say(database, make, directs[3], 2, "second", by="dave")
    (entry,) = await listed(database, "dave")
    assert (entry.last.text, entry.last.author_kind, entry.last.author_name) == (
        "second",
        "moderator",
        "dave",
    )
    assert (entry.last_seq, entry.last.created_at, entry.active_at) == (2, make.at(2), make.at(2))


async def test_messages_for_the_team_and_to_others_are_left_out(database, make, directs) -> None:
    other = replace(directs[0], id="d9", moderator_id="dave")
    async with database.transaction() as tx:
        await tx.directs.add(other, make.at(0))
    await say(database, make, directs[0], 1)
    await say(database, make, other, 2)
    async with database.transaction() as tx:
        await tx.conversations.advance("c0")
        await tx.conversations.add_message(make.message(3, "c0"), 3)
    await say(database, make, directs[0], 4)
    async with database.snapshot() as tx:
        read = tx.conversations
        assert [m.seq for m in await read.list_direct_after("c0", "carol", 0, 9)] == [1, 4]
        assert [m.seq for m in await read.list_direct_after("c0", "carol", 1, 9)] == [4]
        assert [m.seq for m in await read.list_direct_before("c0", "carol", 9, 9)] == [1, 4]
        assert [m.seq for m in await read.list_direct_before("c0", "carol", 9, 1)] == [4]
        assert [m.seq for m in await read.list_direct_after("c0", "dave", 0, 9)] == [2]


async def test_two_that_became_one_are_listed_once(database, make, directs) -> None:
    """Whose conversations joined may have spoken with the same moderator in both."""
    async with database.transaction() as tx:
        await tx.directs.add(replace(directs[0], id="d8"), make.at(40))
    assert [entry.id for entry in await listed(database)] == ["d8", "d2", "d1"]
    await hold_up(database, make, directs[0], "failed")
    entry = (await listed(database))[0]
    assert (entry.id, entry.undelivered) == ("d8", 1)


async def hold_up(database, make, direct: Direct, state: str) -> None:
    """Let a message of the customer's come to an end before it is in the room."""
    message = make.message(1, direct.customer_id, channel="direct", ticket=None, moderator_id="carol")
    batch = make.batch(
        direct.id,
        direct.customer_id,
        lane=f"direct:{direct.id}",
        ticket=None,
        direct_id=direct.id,
        room_id=None,
    )
    async with database.transaction() as tx:
        await tx.conversations.advance(direct.customer_id)
        await tx.conversations.add_message(message, 1)
        await tx.outbox.add_direct_message(message, direct.id)
        await tx.batches.add(batch, await tx.outbox.list_rows(batch.lane, 9), "host", make.at(9))
        assert await tx.batches.end(batch, state)


@pytest.mark.parametrize(("state", "undelivered"), [("failed", 1), ("held", 0), ("delivered", 0)])
async def test_what_did_not_get_through_is_counted(database, make, directs, state, undelivered) -> None:
    await hold_up(database, make, directs[2], state)
    assert (await listed(database))[0].undelivered == undelivered
