"""Login: a token that is revoked, a code that is not valid, and nothing typed is lost."""

from __future__ import annotations

import pytest

from console.screens.login import LoginScreen
from tests.integration.plugin.mod.team import make_code
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES
from tests.tui.seeds import Seeds


async def revoke(seat, token_id: str) -> None:
    await seat.console.api.call("DELETE", f"/v1/mod/tokens/{token_id}")


async def test_a_revoked_token_leads_to_login_and_back_with_the_draft(sit: Sit, seeds: Seeds, desk) -> None:
    await seeds.customer("Ann", "Where is my money?")
    async with sit("Alice") as seat:
        await seat.sees("Ann")
        await seat.press("enter")
        await seat.sees("Where is my money?")
        await seat.press("i")
        await seat.type("I am look")
        await revoke(seat, seat.console.token_id)
        await seat.sees("Log in again", "Nothing that you typed is lost.", "!headset token")
        await seat.type("WRONG")
        await seat.press("enter")
        await seat.sees("Not logged in.")
        code = await make_code(desk, "Alice")
        await seat.press(*["backspace"] * 5)
        await seat.type(code)
        await seat.press("enter")
        await seat.until(lambda: not isinstance(seat.app.screen, LoginScreen), "the login is over")
        await seat.sees("I am look", "live")
        assert [new.moderator.name for new in seat.tokens] == ["Alice"]
        await seat.type("ing")
        await seat.press("enter")
        await seat.until(lambda: "I am looking" in seat.text, "the answer is there")
        await seeds.customer("Ben")
        await seat.hears("Hello")


async def test_an_act_that_met_the_end_of_the_login_is_repeated_after_it(
    sit: Sit, seeds: Seeds, desk
) -> None:
    async with sit("Alice") as seat:
        await seat.press("semicolon")
        await seat.sees("There are none yet")
        await seat.press("a", *"fees", "enter")
        await seat.sees("Canned reply fees")
        await seat.type("The text")
        async with seeds.database.transaction() as tx:
            await tx.access.revoke(seat.console.token_id, seeds.clock.now())
        await seat.press("ctrl+s")
        await seat.sees("Log in again")
        await seat.type(await make_code(desk, "Alice"))
        await seat.press("enter")
        # The key is there while one logs in, too, and goes to the code then.
        await seat.sees("● live", "R Repeat")
        await seat.press("R")
        await seat.hears("fees is saved.")


async def test_one_may_log_in_later(sit: Sit) -> None:
    async with sit("Alice") as seat:
        await seat.until(lambda: seat.app.desk.connection.state == "live", "the stream is open")
        await revoke(seat, seat.console.token_id)
        await seat.sees("Log in again")
        await seat.press("escape")
        await seat.sees_no("Log in again")
        await seat.sees("✗")
        await seat.press("r")
        await seat.sees("Log in again")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_login_picture(sit: Sit, picture, size, theme) -> None:
    async with sit("Alice", size) as seat:
        await seat.until(lambda: seat.app.desk.connection.state == "live", "the stream is open")
        seat.app.client.url = "https://desk.example.org/"
        await revoke(seat, seat.console.token_id)
        await seat.sees("Log in again", "https://desk.example.org")
        assert await seat.picture(theme) == picture
