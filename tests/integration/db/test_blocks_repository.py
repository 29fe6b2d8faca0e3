"""Blocks, on both engines."""

from __future__ import annotations

import pytest

from plugin.db.blocks import Lifted
from plugin.domain.model import Block


def block(make, name: str = "k1", customer_id: str = "c1", begin: int = 100, end: int | None = 200) -> Block:
    return Block(
        id=name,
        customer_id=customer_id,
        kind="block",
        reason=None,
        by_id="mod-1",
        by_name="Alice",
        created_at=make.at(begin),
        expires_at=None if end is None else make.at(end),
    )


async def test_a_block_comes_back_with_every_field(database, seed, make) -> None:
    await seed.customer()
    full = Block(
        id="k1",
        customer_id="c1",
        kind="timeout",
        reason="spam · “much”",
        by_id="mod-1",
        by_name="Alice 🦊",
        created_at=make.at(1),
        expires_at=make.at(2),
    )
    bare = block(make, "k2", begin=3, end=None)
    async with database.transaction() as tx:
        await tx.blocks.add(full)
        await tx.blocks.add(bare)
    async with database.snapshot() as tx:
        found = await tx.blocks.list_not_over_before("c1", make.at(0))
    assert sorted(found, key=lambda one: one.id) == [full, bare]


async def test_blocks_that_are_over_are_not_listed_to_the_millisecond(database, seed, make) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    async with database.transaction() as tx:
        await tx.blocks.add(block(make, "short", begin=100, end=200))
        await tx.blocks.add(block(make, "later", begin=500, end=600))
        await tx.blocks.add(block(make, "open", begin=50, end=None))
        await tx.blocks.add(block(make, "foreign", "c2", begin=0, end=None))

    async def listed(at: int) -> set[str]:
        async with database.snapshot() as tx:
            return {one.id for one in await tx.blocks.list_not_over_before("c1", make.at(at))}

    assert await listed(0) == {"short", "later", "open"}
    assert await listed(199) == {"short", "later", "open"}
    assert await listed(200) == {"later", "open"}
    assert await listed(600) == {"open"}


async def test_a_lifted_block_counts_up_to_when_it_was_lifted(database, seed, make) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        await tx.blocks.add(block(make, end=None))
        assert await tx.blocks.lift_all("c1", make.at(150)) == Lifted(
            block_ids=frozenset({"k1"}), customer_ids=frozenset({"c1"})
        )
    async with database.snapshot() as tx:
        (lifted,) = await tx.blocks.list_not_over_before("c1", make.at(149))
        assert lifted.lifted_at == make.at(150)
        assert lifted.expires_at is None
        assert await tx.blocks.list_not_over_before("c1", make.at(150)) == []


async def test_lifting_ends_what_is_in_force_and_nothing_else(database, seed, make, store) -> None:
    await seed.customer("c1")
    await seed.customer("c2")
    async with database.transaction() as tx:
        await tx.blocks.add(block(make, "over", begin=0, end=150))
        await tx.blocks.add(block(make, "open", begin=0, end=None))
        await tx.blocks.add(block(make, "long", begin=0, end=900))
        await tx.blocks.add(block(make, "foreign", "c2", begin=0, end=900))
        lifted = await tx.blocks.lift_all("c1", make.at(150))
        assert lifted == Lifted(block_ids=frozenset({"open", "long"}), customer_ids=frozenset({"c1"}))
        assert not (await tx.blocks.lift_all("c1", make.at(160))).block_ids
    at = round(make.at(150).timestamp() * 1000)
    assert await store.look("SELECT id, lifted_at FROM block ORDER BY id") == [
        ("foreign", None),
        ("long", at),
        ("open", at),
        ("over", None),
    ]


async def test_a_block_is_never_lifted_before_it_began(database, seed, make) -> None:
    """Telegram's times are whole seconds: the unblock may bear an earlier time than the block."""
    await seed.customer()
    async with database.transaction() as tx:
        await tx.blocks.add(block(make, begin=100, end=900))
        assert await tx.blocks.lift_all("c1", make.at(50)) == Lifted(
            block_ids=frozenset({"k1"}), customer_ids=frozenset({"c1"})
        )
    async with database.snapshot() as tx:
        (lifted,) = await tx.blocks.list_not_over_before("c1", make.at(0))
    assert lifted.lifted_at == make.at(100)


async def test_a_block_has_an_id_of_its_own_and_a_customer(database, seed, make) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        await tx.blocks.add(block(make))
    for wrong in (block(make), block(make, "k2", "nobody")):
        with pytest.raises(make.refused):
            async with database.transaction() as tx:
                await tx.blocks.add(wrong)
