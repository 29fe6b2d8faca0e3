"""Held: replies that ask for a secret and what blocks keep, each released or dropped once it is read."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES
from tests.tui.seeds import Seeds, id_of


async def held_of(seat) -> list[str]:
    return [item["kind"] for item in (await seat.console.get("/v1/mod/held"))["items"]]


async def texts_of(customer) -> list[str]:
    return [item["text"] for item in (await customer.history())["items"]]


async def test_nothing_is_held(sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("3")
        await seat.sees("Nothing is held.")
        await seat.press("s", "d")
        assert not seat.said


async def test_a_held_reply_shows_by_itself_and_is_released(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann")
    async with sit("Bob") as seat:
        await seat.go("held")
        await seat.sees("Nothing is held.")
        held = await (await seeds.acts("Alice")).hold(1001)
        await seat.sees("Alice's reply to Ann (#1001)", held.text, "it asks for a secret")
        await seat.press("s")
        await seat.sees("Release Alice's reply to Ann (#1001)?", "Ann gets it at once.", "y Release")
        await seat.press("n")
        assert await texts_of(ann) == ["Hello"]
        await seat.press("s", "y")
        await seat.hears("Alice's reply to Ann (#1001) is released.")
        assert await texts_of(ann) == ["Hello", held.text]
        await seat.sees("Nothing is held.")


async def test_a_held_reply_is_dropped(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann")
    await (await seeds.acts("Alice")).hold(1001)
    async with sit("Bob") as seat:
        await seat.go("held")
        await seat.sees("Alice's reply")
        await seat.press("d")
        await seat.sees("Drop Alice's reply to Ann (#1001)?", "It is never sent. This can't be undone.")
        await seat.press("escape", "d", "y")
        await seat.hears("is dropped.")
        assert await texts_of(ann) == ["Hello"]
        assert await held_of(seat) == []


async def test_ones_own_reply_is_for_another_to_release(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann")
    await (await seeds.acts("Alice")).hold(1001)
    async with sit("Alice") as seat:
        await seat.go("held")
        await seat.sees("You wrote it, so another moderator has to release it.")
        await seat.press("s")
        await seat.hears("Not released. You wrote it")
        assert await held_of(seat) == ["reply"]


async def test_what_a_block_keeps_is_released(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory", "Buy my coins\nnow")
    async with sit("Bob") as seat:
        await seat.console.post("/v1/mod/blocks", {"customer": id_of(mallory)})
        await seat.go("held")
        await seeds.hold_message(mallory)
        await seat.sees("Mallory wrote to #1001 while blocked", "Buy my coins now")
        await seat.press("s")
        await seat.sees("It goes to the team now. The customer sees nothing of it.")
        await seat.press("y")
        await seat.hears("is released.")
        assert await held_of(seat) == []


async def test_what_a_block_keeps_is_dropped(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory", "Buy my coins")
    await seeds.hold_message(mallory)
    async with sit("Bob") as seat:
        await seat.go("held")
        await seat.sees("Buy my coins")
        await seat.press("d")
        await seat.sees("It never goes to the team.")
        await seat.press("y")
        await seat.hears("is dropped.")
        assert await held_of(seat) == []
        assert await texts_of(mallory) == ["Buy my coins"]


async def test_what_another_decides_goes_by_itself(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann")
    held = await (await seeds.acts("Alice")).hold(1001)
    async with sit("Bob") as seat:
        await seat.go("held")
        await seat.sees("Alice's reply")
        await seat.press("s")
        await seat.console.post(f"/v1/mod/held/{held.id}/drop")
        await seat.press("y")
        await seat.hears("Not released.")
        await seat.sees("Nothing is held.")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_held_picture(sit: Sit, seeds: Seeds, picture, size, theme) -> None:
    await held_things(seeds)
    async with sit("Bob", size) as seat:
        await seat.go("held")
        await seat.sees("Mallory", "Alice")
        await seat.press("home", "down")
        await seat.sees("Send me your seed phrase")
        assert await seat.picture(theme) == picture


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_release_picture(sit: Sit, seeds: Seeds, picture, size, theme) -> None:
    await held_things(seeds)
    async with sit("Bob", size) as seat:
        await seat.go("held")
        await seat.sees("Mallory", "Alice")
        await seat.press("home", "down", "s")
        await seat.sees("Release Alice's")
        assert await seat.picture(theme) == picture


async def held_things(seeds: Seeds) -> None:
    """Let a block keep a message, and hold a reply."""
    await seeds.customer("Ann")
    await (await seeds.acts("Alice")).hold(1001)
    seeds.later(minutes=5)
    mallory = await seeds.customer("Mallory", "You won a prize!\nSend 1 ETH to 0x1234 and get 2 ETH back.")
    seeds.later(minutes=5)
    await seeds.hold_message(mallory)
