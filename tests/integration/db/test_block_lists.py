"""Blocks as the team looks at them: who is blocked, in pages, and what each block keeps; on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.domain.blocks import is_in_force
from plugin.domain.model import Block, Direct, Moderator, Session
from plugin.services.ids import new_ulid


def block(make, begin: int, end: int | None = None, customer_id: str = "c1", **changes) -> Block:
    made = Block(
        id=new_ulid(make.at(begin)),
        customer_id=customer_id,
        kind="block",
        reason="a reason",
        by_id="mod-1",
        by_name="Alice",
        created_at=make.at(begin),
        expires_at=None if end is None else make.at(end),
    )
    return replace(made, **changes)


async def store_blocks(database, *blocks: Block) -> None:
    async with database.transaction() as tx:
        for one in blocks:
            await tx.blocks.add(one)


async def page(database, make, at: int, *, active=None, before=None, limit=10, viewer="mod-1"):
    async with database.snapshot() as tx:
        return await tx.blocks.list_page(make.at(at), viewer, active=active, before=before, limit=limit)


async def blocked_at(database, make, at: int) -> set[str]:
    async with database.snapshot() as tx:
        return await tx.blocks.list_blocked(make.at(at))


@pytest.fixture
async def three(database, seed, make) -> tuple[Block, Block, Block]:
    """Give an open one, one that ends, and one that was lifted; each of a customer of its own."""
    blocks = []
    for number, end in enumerate((None, 500, 900), 1):
        await seed.customer(f"c{number}", name=f"Customer {number}")
        blocks.append(block(make, number * 100, end, f"c{number}"))
    await store_blocks(database, *blocks)
    async with database.transaction() as tx:
        await tx.blocks.lift(blocks[2], make.at(400))
    return blocks[0], blocks[1], replace(blocks[2], lifted_at=make.at(400))


async def test_running_and_past_blocks_the_newest_first(database, make, three) -> None:
    async def ids(at: int, active: bool | None) -> list[Block]:
        return [entry.block for entry in await page(database, make, at, active=active)]

    first, second, third = three
    assert await ids(499, None) == [third, second, first]
    assert await ids(499, True) == [second, first]
    assert await ids(499, False) == [third]
    assert await ids(500, True) == [first]
    assert await ids(500, False) == [third, second]


async def test_a_page_begins_below_the_one_before(database, make, three) -> None:
    first, second, third = (one.id for one in three)
    assert [e.block.id for e in await page(database, make, 450, limit=2)] == [third, second]
    assert [e.block.id for e in await page(database, make, 450, before=second, limit=2)] == [first]
    assert await page(database, make, 450, before=first) == []


async def test_an_entry_has_its_customer(database, make, three) -> None:
    entry = (await page(database, make, 450))[-1]
    assert (entry.customer.id, entry.customer.name) == ("c1", "Customer 1")
    async with database.snapshot() as tx:
        assert await tx.blocks.get_entry(three[0].id, "mod-1") == entry
        assert await tx.blocks.list_of_customer("c1", "mod-1", 20) == [entry]
        assert await tx.blocks.get_entry("nothing", "mod-1") is None


async def test_a_copy_stands_under_its_original(database, seed, make) -> None:
    """A copy holds whom a blocked customer signed in as; all that is done to the original is done to it."""
    for name in ("c1", "c2"):
        await seed.customer(name)
    original = block(make, 100)
    await store_blocks(database, original)
    async with database.transaction() as tx:
        await tx.blocks.carry("c1", "c2", make.at(150), lambda: new_ulid(make.at(150)))
    async with database.snapshot() as tx:
        ((copy_id,),) = [
            tuple(row) for row in await tx._conn.fetch("SELECT id FROM block WHERE origin IS NOT NULL")
        ]
        assert await tx.blocks.get(copy_id) == original
        assert [e.block for e in await tx.blocks.list_of_customer("c2", "mod-1", 20)] == [original]
    assert [entry.block for entry in await page(database, make, 200)] == [original]
    changed = replace(original, expires_at=make.at(300), reason="another")
    async with database.transaction() as tx:
        assert await tx.blocks.change(changed, make.at(200))
        (copy,) = await tx.blocks.list_not_over_before("c2", make.at(200))
        assert (copy.expires_at, copy.reason) == (make.at(300), "another")
        assert await tx.blocks.lift(original, make.at(250))
        assert await tx.blocks.list_not_over_before("c2", make.at(250)) == []
        assert not await tx.blocks.lift(original, make.at(260))
        assert not await tx.blocks.change(changed, make.at(260))


async def test_a_block_that_has_ended_is_not_changed(database, seed, make) -> None:
    await seed.customer()
    over = block(make, 100, 200)
    await store_blocks(database, over)
    async with database.transaction() as tx:
        assert not await tx.blocks.change(replace(over, expires_at=None), make.at(200))
        assert not await tx.blocks.lift(over, make.at(200))
        assert await tx.blocks.change(replace(over, expires_at=None), make.at(199))


async def hold(seed, make, written: list[int], made: int, name: str, **changes) -> None:
    """Store messages written at some times, in one batch that is held."""
    for at in written:
        await seed.messages(1, created_at=make.at(at))
    await seed.batch(name, created_at=make.at(made), held=True, **changes)


async def test_a_block_counts_the_messages_that_it_keeps(database, seed, make) -> None:
    await seed.customer()
    await hold(seed, make, [50], 60, "before any")
    await hold(seed, make, [99], 101, "caught while it waited")
    await hold(seed, make, [150, 199], 250, "written under it")
    await hold(seed, make, [250], 260, "under the next one")
    await store_blocks(database, block(make, 100, 200), block(make, 220))
    assert [entry.held for entry in await page(database, make, 300)] == [3, 3]
    async with database.transaction() as tx:
        await tx.batches.release("under the next one", make.at(300))
        await tx.batches.drop_held("caught while it waited")
    assert [entry.held for entry in await page(database, make, 300)] == [2, 2]


async def test_what_waits_in_private_counts_for_its_moderator_alone(database, seed, make) -> None:
    await seed.customer()
    carol = Moderator(id="carol", name="Carol", role="moderator", telegram_id=None, mxid="@carol:example.org")
    async with database.transaction() as tx:
        await tx.moderators.add(carol)
        await tx.directs.add(
            Direct(id="d1", customer_id="c1", moderator_id="carol", room_id=None), make.at(0)
        )
    await hold(seed, make, [150], 160, "private", direct_id="d1")
    await hold(seed, make, [170], 180, "for the team")
    await store_blocks(database, block(make, 100))
    (seen,) = await page(database, make, 300, viewer="carol")
    (seen_by_others,) = await page(database, make, 300, viewer="mod-1")
    assert (seen.held, seen_by_others.held) == (2, 1)


async def test_who_is_blocked_is_told_of_all_as_of_one(database, seed, make) -> None:
    for name in ("c1", "c2", "c3", "c4"):
        await seed.customer(name)
    await seed.customer("signed", identity="wallet", account="eip155:1:0x1")
    addresses = [("c1", 10, "here"), ("c2", 150, "here"), ("signed", 160, "here"), ("c3", 50, "here")]
    async with database.transaction() as tx:
        for number, (customer_id, at, address) in enumerate(addresses):
            session = Session(id=f"s{number}", customer_id=customer_id, created_at=make.at(at), ended_at=None)
            await tx.sessions.add_session(session, f"hash {number}", None, None, address)
    # Begun by a clock that was ahead: it holds at once.
    later = block(make, 400, customer_id="c4")
    await store_blocks(database, block(make, 100, 300), later)
    for at, expected in ((100, {"c1", "c2", "c4"}), (299, {"c1", "c2", "c4"}), (300, {"c4"}), (400, {"c4"})):
        assert await blocked_at(database, make, at) == expected
        async with database.snapshot() as tx:
            for name in ("c1", "c2", "c3", "c4", "signed"):
                blocks = await tx.blocks.list_not_over_before(name, make.at(at))
                assert any(is_in_force(b, make.at(at)) for b in blocks) == (name in expected)
    async with database.transaction() as tx:
        await tx.blocks.lift(later, make.at(450))
    assert await blocked_at(database, make, 450) == set()
