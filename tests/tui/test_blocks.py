"""Blocks: who, why, until when, counting down; lifted, extended, given another reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from textual.widgets import Static

from console.screens.blocks import PAST, BlocksScreen
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES
from tests.tui.seeds import Seeds, id_of


async def blocks_of(seat) -> list[dict]:
    return (await seat.console.get("/v1/mod/blocks"))["items"]


async def block(seat, customer, **wish) -> dict:
    return await seat.console.post("/v1/mod/blocks", {"customer": id_of(customer), **wish})


async def test_nobody_is_blocked(sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("4")
        await seat.sees("Nobody is blocked.", "In force")
        await seat.press("u", "e", "c")
        assert not seat.said


async def test_a_block_shows_by_itself_and_counts_down(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit("Alice") as seat:
        await seat.go("blocks")
        await seat.sees("Nobody is blocked.")
        await block(seat, mallory, duration="2h", reason="spam", kind="timeout")
        await seat.sees("Mallory", "#1001", "spam", "timeout", "Alice", "2h")
        seeds.later(minutes=30)
        await seat.sees("1h 30m", "1h 30m left")
        seeds.later(minutes=31)
        await seat.sees("59m")
        seeds.later(seconds=1)
        await seat.sees("58m 59s")
        seeds.later(minutes=58)
        await seat.sees("59s")
        seeds.later(minutes=1)
        await seat.sees("Nobody is blocked.")


async def test_a_block_that_came_into_the_list_after_a_look_at_the_clock_goes_all_the_same(
    sit: Sit, seeds: Seeds
) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit("Alice") as seat:
        await seat.go("blocks")
        await block(seat, mallory, duration="2h", kind="timeout")
        await seat.sees("Mallory")
        screen = seat.app.screen
        assert isinstance(screen, BlocksScreen)
        # As that look leaves it, which saw nothing that counts down.
        screen._due = None
        seeds.later(hours=3)
        await seat.sees("Nobody is blocked.")


async def test_a_block_is_lifted(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit() as seat:
        await block(seat, mallory)
        await seat.go("blocks")
        await seat.sees("Mallory")
        await seat.press("u")
        await seat.sees("Lift the block of Mallory?")
        await seat.press("n", "u", "y")
        await seat.hears("The block of Mallory is lifted.")
        assert (await blocks_of(seat))[0]["lifted_at"]
        await seat.sees("Nobody is blocked.")


async def test_past_blocks_are_shown_on_demand(sit: Sit, seeds: Seeds) -> None:
    mallory, trudy = await seeds.customer("Mallory"), await seeds.customer("Trudy")
    async with sit() as seat:
        made = await block(seat, mallory, duration="1h")
        await seat.console.api.call("DELETE", f"/v1/mod/blocks/{made['id']}")
        seeds.later(seconds=1)
        await block(seat, trudy, duration="1h")
        await seat.go("blocks")
        await seat.sees("Trudy")
        assert "Mallory" not in seat.text
        await seat.press("v")
        await seat.sees("Mallory", "lifted", "Trudy", PAST)
        await seat.press("end", "u")
        await seat.hears("This block is over.")
        seeds.later(hours=2)
        await seat.sees("ended")
        await seat.press("v")
        await seat.sees("Nobody is blocked.")


@pytest.mark.parametrize(
    ("keys", "ends_in"),
    [
        (["1", "w", "enter"], timedelta(weeks=1)),
        ([*"another", "enter", *"36h", "enter"], timedelta(hours=36)),
    ],
)
async def test_a_block_ends_at_another_time(sit: Sit, seeds: Seeds, keys, ends_in) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit() as seat:
        made = await block(seat, mallory, duration="1h")
        await seat.go("blocks")
        await seat.sees("Mallory")
        await seat.press("e")
        await seat.sees("How long is Mallory blocked from now?")
        await seat.press(*keys)
        await seat.hears("The block of Mallory is changed.")
        (now,) = await blocks_of(seat)
        assert now["id"] == made["id"]
        expected = (seeds.clock.now() + ends_in).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert now["expires_at"] == expected


async def test_a_length_past_what_is_allowed_is_not_offered(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit() as seat:
        await block(seat, mallory, duration="1h")
        await seat.go("blocks")
        await seat.sees("Mallory")
        await seat.press("e", *"another", "enter", *"9999d", "enter")
        await seat.sees("The longest that is allowed is")
        await seat.press("escape")
        assert (await blocks_of(seat))[0]["expires_at"].startswith("2026-03-01T13:00")


async def test_the_reason_is_changed_and_taken_away(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit() as seat:
        await block(seat, mallory, reason="spa")
        await seat.go("blocks")
        await seat.sees("spa")
        await seat.press("c")
        await seat.sees("Why is Mallory blocked?")
        await seat.press("m", "enter")
        await seat.hears("The block of Mallory is changed.")
        assert (await blocks_of(seat))[0]["reason"] == "spam"
        await seat.sees("spam")
        await seat.press("c", *["backspace"] * 4, "enter")
        await seat.sees_no("spam")
        assert (await blocks_of(seat))[0]["reason"] is None


async def test_what_is_beside_the_list_does_not_go_back_to_what_was(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit() as seat:
        await block(seat, mallory, reason="old words")
        await seat.go("blocks")
        await seat.sees("old words")
        screen = seat.app.screen
        # A minute passes before the list is painted again.
        screen.put(replace(screen.listing.selected, reason="new words"))
        screen.time_passed()
        assert screen.listing.selected.reason == "new words"
        assert str(screen.query_one("#detail-words", Static).render()) == "new words"


async def test_what_failed_is_said_and_repeated(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit() as seat:
        made = await block(seat, mallory)
        await seat.go("blocks")
        await seat.sees("Mallory")
        await seat.press("u")
        # Somebody else is quicker, while the question stands.
        await seat.console.api.call("DELETE", f"/v1/mod/blocks/{made['id']}")
        await seat.press("y")
        await seat.hears("Not lifted. This block has ended.")
        await seat.press("R")
        await seat.until(lambda: len([s for s in seat.said if "Not lifted" in s]) == 2, "it is tried again")


async def test_enter_opens_the_ticket_of_a_block(sit: Sit, seeds: Seeds) -> None:
    mallory = await seeds.customer("Mallory", "Buy my coins")
    async with sit() as seat:
        await block(seat, mallory)
        await seat.go("blocks")
        await seat.sees("Mallory")
        await seat.press("enter")
        await seat.sees("Buy my coins")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_blocks_picture(sit: Sit, seeds: Seeds, picture, size, theme) -> None:
    names = ["Mallory", "Trudy", "Oscar"]
    customers = [await seeds.customer(name) for name in names]
    async with sit("Alice", size) as seat:
        await block(seat, customers[0], duration="3d", reason="Sends the same advert again and again")
        seeds.later(minutes=30)
        await block(seat, customers[1], duration="2h", kind="timeout", reason="Insults")
        await seeds.hold_message(customers[1])
        seeds.later(minutes=80)
        ended = await block(seat, customers[2], duration="1h")
        await seat.console.api.call("DELETE", f"/v1/mod/blocks/{ended['id']}")
        await seat.go("blocks")
        # Only once it has loaded: what is selected then stays so.
        await seat.sees("Trudy", "Mallory")
        await seat.press("v")
        await seat.sees("Oscar", "Trudy", "40m")
        await seat.press("down")
        await seat.sees("Insults", "40m left")
        assert await seat.picture(theme) == picture


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_new_end_picture(sit: Sit, seeds: Seeds, picture, size, theme) -> None:
    mallory = await seeds.customer("Mallory")
    async with sit("Alice", size) as seat:
        await block(seat, mallory, duration="3d", reason="spam")
        await seat.go("blocks")
        await seat.sees("Mallory")
        await seat.press("e")
        await seat.sees("How long is Mallory blocked")
        assert await seat.picture(theme) == picture
