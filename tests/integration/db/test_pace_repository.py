"""What counts towards the group's minute, and what is on its way there, on both engines."""

from __future__ import annotations


async def test_what_was_sent_counts_by_its_time_and_its_posts(database, seed, make) -> None:
    for name, at in (("c1", 30), ("c2", 10), ("c3", None)):
        await seed.customer(name)
        await seed.batch(f"b-{name}", customer_id=name, parts=("x",) * ((at or 20) // 10))
        if at is not None:
            async with database.transaction() as tx:
                await tx.batches.set_sent(f"b-{name}", make.at(at))
    async with database.snapshot() as tx:
        for since, expected in (
            (0, [(make.at(10), 1), (make.at(30), 3)]),
            (9, [(make.at(10), 1), (make.at(30), 3)]),
            (10, [(make.at(30), 3)]),
            (30, []),
        ):
            assert await tx.pace.list_sent(make.at(since), make.at(1000), reports=False) == expected
        assert await tx.pace.count_posts_on_their_way(make.at(0), reports=False) == 2
        assert await tx.pace.count_posts_on_their_way(make.at(1000), reports=False) == 0


async def test_where_the_bridge_reports_a_post_is_on_its_way_until_its_word(database, seed, make) -> None:
    await seed.customer()
    await seed.batch("b1", parts=("x", "y"))
    async with database.transaction() as tx:
        await tx.batches.set_sent("b1", make.at(10))
        assert await tx.pace.list_sent(make.at(0), make.at(1000), reports=True) == []
        assert await tx.pace.count_posts_on_their_way(make.at(1000), reports=True) == 2
        await tx.batches.set_delivered("b1", make.at(13))
        assert await tx.pace.list_sent(make.at(0), make.at(1000), reports=True) == [(make.at(13), 2)]
        assert await tx.pace.count_posts_on_their_way(make.at(1000), reports=True) == 0
