"""Overview: the desk in numbers."""

from __future__ import annotations

import pytest

from tests.integration.plugin.mod.team import sign_in
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES
from tests.tui.seeds import Seeds, id_of


async def a_day(seeds: Seeds, desk) -> None:
    """Let a few things happen over some hours."""
    acts = await seeds.acts()
    for number, hours in enumerate((1, 3, 2, 5)):
        await seeds.customer(f"Customer {number}")
        seeds.later(minutes=4 * (number + 1))
        if number != 3:
            await acts.answer(1001 + number)
        seeds.later(hours=hours)
    blocked = await seeds.customer("Mallory")
    await (await sign_in(desk, "Alice")).post("/v1/mod/blocks", {"customer": id_of(blocked)})


async def test_the_numbers_are_those_of_the_desk(sit: Sit, seeds: Seeds, desk) -> None:
    await a_day(seeds, desk)
    async with sit() as seat:
        await seat.press("8")
        await seat.sees("First answer, last seven days", "half within 8m, nine of ten within", "(3 tickets)")
        stats = seat.app.desk.stats
        assert (stats.open, stats.waiting, stats.blocked) == (5, 1, 1)
        await seat.sees("customers", "team", "Health", "✓ Database")
        await seat.sees("✗ Support room", "nothing reaches the team: tell the operator")


async def test_the_numbers_follow_by_themselves(sit: Sit, seeds: Seeds) -> None:
    async with sit() as seat:
        await seat.go("overview")
        await seat.sees("No first answers in the last seven days.")
        await seeds.customer("Ann")
        await seat.until(lambda: seat.app.desk.stats.waiting == 1, "it is counted")
        await seat.until(lambda: "1" in seat.text.splitlines()[3], "the number shows")


async def test_r_counts_again(sit: Sit, seeds: Seeds) -> None:
    async with sit() as seat:
        await seat.go("overview")
        await seat.sees("No first answers")
        before = seat.app.desk.stats
        await seat.press("r")
        await seat.until(lambda: seat.app.desk.stats is not before, "it is counted again")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_overview_picture(sit: Sit, seeds: Seeds, desk, picture, size, theme) -> None:
    await a_day(seeds, desk)
    async with sit(size=size) as seat:
        await seat.go("overview")
        await seat.sees("(3 tickets)", "Database")
        assert await seat.picture(theme) == picture
