"""Strangers: replies that were not delivered, and the way to the allow-list."""

from __future__ import annotations

import pytest

from console.widgets.prompt import Prompt
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES
from tests.tui.seeds import Seeds


async def team_of(seat) -> dict[str, tuple[int | None, str]]:
    items = (await seat.console.get("/v1/mod/moderators"))["items"]
    return {item["name"]: (item["telegram_id"], item["role"]) for item in items}


async def test_nobody_has_replied(sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("5")
        await seat.sees("Nobody but moderators has replied.")


async def test_a_reply_shows_by_itself_with_who_wrote_it_and_where(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann")
    async with sit("Alice") as seat:
        await seat.go("strangers")
        await seat.sees("Nobody but moderators has replied.")
        await seeds.stranger(1001, "I am the real support")
        await seat.sees(
            "Mallory replied to #1001", "5559999", "I am the real support", "An admin can put them"
        )
        assert "Allow-list" not in seat.text
        await seat.press("a")
        assert not seat.app.screen.query(Prompt)


async def test_an_admin_allow_lists_a_person_with_one_key(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann")
    await seeds.stranger(1001, "Hello Ann", name="Dave")
    async with sit("Carol") as seat:
        await seat.go("strangers")
        await seat.sees("a Allow-list", "Dave replied to #1001")
        await seat.press("a")
        await seat.sees("Make 5559999 a moderator", "Dave")
        await seat.press("escape")
        assert "Dave" not in await team_of(seat)
        await seat.press("a", *["backspace"] * 4, "enter")
        await seat.sees("A name, please")
        await seat.type("David")
        await seat.press("enter")
        await seat.hears("David is a moderator from now on.")
        assert (await team_of(seat))["David"] == (5559999, "moderator")


async def test_a_refusal_says_why_and_can_be_repeated(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann")
    await seeds.stranger(1001, "Hello", name="Dave", telegram_id=5550001)
    async with sit("Carol") as seat:
        await seat.go("strangers")
        await seat.sees("Dave replied")
        await seat.press("a", "enter")
        await seat.hears("Not allowed.")
        await seat.hears("Press R to try again.")
        before = len(seat.said)
        await seat.press("R")
        await seat.until(lambda: len(seat.said) > before, "it is tried again")


async def test_enter_opens_the_ticket(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Where is my money?")
    await seeds.stranger(1001, "Hello", name="Dave")
    async with sit("Carol") as seat:
        await seat.go("strangers")
        await seat.sees("Dave replied")
        await seat.press("enter")
        await seat.sees("#1001 Ann", "Where is my money?")
        await seat.press("escape")
        await seat.sees("Dave replied")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_strangers_picture(sit: Sit, seeds: Seeds, picture, size, theme) -> None:
    await seeds.customer("Ann")
    await seeds.customer("Ben")
    await seeds.stranger(1001, "Hi, I am from the support team. Write to me: @headset_help")
    seeds.later(hours=-26)
    await seeds.stranger(1002, "We had the same, it was the wrong network", name="Erin", telegram_id=5558888)
    seeds.later(hours=28)
    await seeds.stranger(1002, "Send 0.1 ETH here and it is solved", name=None)
    async with sit(size=size) as seat:
        await seat.go("strangers")
        await seat.sees("Erin", "Mallory", "0.1 ETH")
        assert await seat.picture(theme) == picture
