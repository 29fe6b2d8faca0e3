"""Moderators: the allow-list, and who is logged in."""

from __future__ import annotations

import re

import pytest

from console.widgets.moderator_form import ModeratorForm
from tests.integration.plugin.mod.team import sign_in
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES


async def team_of(seat) -> dict[str, tuple[int | None, str | None, str]]:
    items = (await seat.console.get("/v1/mod/moderators"))["items"]
    return {item["name"]: (item["telegram_id"], item["mxid"], item["role"]) for item in items}


async def add(seat, name: str, telegram: str) -> None:
    await seat.press("a")
    await seat.sees("Put somebody on the allow-list")
    await seat.type(name)
    await seat.press("tab")
    await seat.type(telegram)
    await seat.press("enter")
    await is_listed(seat, name, "moderator")


async def is_listed(seat, name: str, role: str) -> None:
    """Wait for the list, which is painted a moment after the notice."""
    await seat.until(lambda: re.search(rf"{name} +{role}", seat.text), f"{name} is listed as {role}")


async def test_a_moderator_reads_the_list_and_changes_nothing(sit: Sit) -> None:
    async with sit("Alice") as seat:
        await seat.press("6")
        await seat.sees("Alice (you)", "@carol:example.org", "5550002", "config", "t Logins")
        assert "Add" not in seat.text
        await seat.press("a", "e", "d", "enter")
        assert not isinstance(seat.app.screen, ModeratorForm)


async def test_an_admin_adds_changes_and_removes_somebody(sit: Sit) -> None:
    async with sit("Carol") as seat:
        await seat.go("moderators")
        await seat.sees("Carol (you)")
        await add(seat, "Dave", "5550009")
        await seat.hears("Dave is on the allow-list as moderator.")
        assert (await team_of(seat))["Dave"] == (5550009, None, "moderator")
        await seat.press("end")
        await seat.sees("this list")
        await seat.until(lambda: seat.app.screen.listing.selected.name == "Dave", "Dave is selected")
        await seat.press("e")
        await seat.sees("Change Dave")
        await seat.press("end", "!", "tab", "tab", *"@dave:example.org", "tab", "space", "enter")
        await seat.hears("Dave! is on the allow-list as admin.")
        assert (await team_of(seat))["Dave!"] == (5550009, "@dave:example.org", "admin")
        await is_listed(seat, "Dave!", "admin")
        await seat.press("d")
        await seat.sees("Take Dave! off the allow-list?")
        await seat.press("n", "d", "y")
        await seat.hears("Dave! is a stranger now.")
        assert "Dave!" not in await team_of(seat)
        await seat.sees_no("Dave!")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (["enter"], "A name, please"),
        ([*"Eve", "enter"], "A Telegram id or a Matrix id"),
        ([*"Eve", "tab", *"@eve", "enter"], "A Telegram id is a number"),
        ([*"Eve", "tab", "tab", *"eve", "enter"], "A Matrix id looks like"),
    ],
)
async def test_what_is_wrong_with_an_entry_is_said_in_the_form(sit: Sit, keys, problem) -> None:
    async with sit() as seat:
        await seat.go("moderators")
        await seat.sees("Carol (you)")
        await seat.press("a", *keys)
        await seat.sees(problem)
        await seat.press("x", "escape")
        await seat.sees_no(problem)


async def test_what_stands_in_the_configuration_is_not_changed_here(sit: Sit) -> None:
    async with sit() as seat:
        await seat.go("moderators")
        await seat.sees("stands in the configuration: change it there.")
        await seat.press("e")
        await seat.hears("Not changed. Alice stands in the configuration")
        await seat.press("d")
        await seat.hears("Not removed. Alice stands in the configuration")


async def test_what_another_admin_changes_shows_by_itself(sit: Sit) -> None:
    async with sit("Carol") as seat:
        await seat.go("moderators")
        await seat.sees("Carol (you)")
        body = {"name": "Dave", "telegram_id": 5550009, "role": "moderator"}
        await seat.console.api.call("PUT", "/v1/mod/moderators/01JZZZZZZZZZZZZZZZZZZZZZZZ", body)
        await seat.sees("Dave", "5550009")


async def test_a_login_is_ended(sit: Sit, desk) -> None:
    other = await sign_in(desk, "Alice")
    async with sit("Carol") as seat:
        await seat.go("moderators")
        await seat.press("t")
        await seat.sees("now, this console", "Alice")
        while seat.app.screen.listing.selected.id != other.token_id:
            await seat.press("down")
        await seat.press("d")
        await seat.sees("End Alice's login?", "That console has to log in again.")
        await seat.press("n", "enter", "y")
        await seat.hears("Alice's login is ended.")
        assert (await other.api.request("GET", "/v1/mod/me")).status == 401
        await seat.sees_no("Alice")
        await seat.press("escape")
        await seat.sees("Carol (you)")


async def test_a_moderator_sees_their_own_logins_alone(sit: Sit, desk) -> None:
    await sign_in(desk, "Bob")
    async with sit("Alice") as seat:
        await seat.go("moderators")
        await seat.press("t")
        await seat.sees("now, this console")
        assert {token.moderator.name for token in seat.app.screen.listing.window.rows()} == {"Alice"}
        await seat.press("d")
        await seat.sees("It is the one of this console: you have to log in again.")
        await seat.press("escape")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_moderators_picture(sit: Sit, picture, size, theme) -> None:
    async with sit(size=size) as seat:
        await seat.go("moderators")
        await seat.sees("Carol (you)")
        await add(seat, "Dave", "5550009")
        await seat.press("end")
        assert await seat.picture(theme) == picture


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_moderator_form_picture(sit: Sit, picture, size, theme) -> None:
    async with sit(size=size) as seat:
        await seat.go("moderators")
        await seat.sees("Carol (you)")
        await seat.press("a", *"Dave", "tab", *"@dave", "enter")
        await seat.sees("A Telegram id is a number")
        assert await seat.picture(theme) == picture


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_logins_picture(sit: Sit, desk, picture, size, theme) -> None:
    await sign_in(desk, "Alice")
    async with sit(size=size) as seat:
        await seat.go("moderators")
        await seat.press("t")
        await seat.sees("now, this console", "Alice")
        await seat.until(lambda: len(seat.app.screen.listing.window) == 2, "both are there")
        await seat.press("home")
        assert await seat.picture(theme) == picture
