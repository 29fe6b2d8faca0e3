"""The settings, and the canned replies of the team."""

from __future__ import annotations

import pytest

from console.widgets.listing import Listing
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES


async def put_canned(seat, **texts: str) -> None:
    for name, text in texts.items():
        await seat.console.api.call("PUT", f"/v1/mod/canned/{name}", {"text": text})


async def canned_of(seat) -> dict[str, str]:
    return {item["name"]: item["text"] for item in (await seat.console.get("/v1/mod/canned"))["items"]}


async def test_a_setting_is_changed_by_space_and_kept(sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("comma")
        await seat.sees("dark  Theme", "on    Notices of new tickets", "The terminal's bell")
        await seat.press("down", "space")
        await seat.sees("off   Notices of new tickets")
        assert seat.storage.settings.notify_tickets is False
        await seat.press("j", "j", "k", "enter")
        await seat.sees("off   Notices of direct messages")
        await seat.press("enter")
        await seat.sees("on    Notices of direct messages")
        await seat.press("end", "space")
        await seat.sees("off   The terminal's bell")
        await seat.press("home", "space")
        await seat.sees("light Theme")
        assert seat.app.theme == "headset-light"
        assert seat.storage.settings.theme == "headset-light"
        await seat.press("escape")
        await seat.sees_no("Notices of new tickets")


async def test_a_canned_reply_is_written_changed_and_deleted(sit: Sit) -> None:
    async with sit("Alice") as seat:
        await seat.press("semicolon")
        await seat.sees("There are none yet. a writes the first.")
        await seat.press("a")
        await seat.type("Fees!")
        await seat.sees("1 to 32 of: small letters")
        await seat.press(*["backspace"] * 5, *"fees", "enter")
        await seat.sees("Canned reply fees", "{customer}, {ticket} and {moderator}")
        await seat.type("Hello")
        await seat.press("enter", *"second", "ctrl+s")
        await seat.hears("fees is saved.")
        assert await canned_of(seat) == {"fees": "Hello\nsecond"}
        await seat.sees("Hello second", "Alice, Sun 1 Mar 12:00")
        assert seat.posted(Listing.Moved)[-1].row.name == "fees"
        await seat.press("e", "!", "ctrl+s")
        await seat.sees("second!")
        assert await canned_of(seat) == {"fees": "Hello\nsecond!"}
        await seat.press("enter")
        await seat.sees("Canned reply fees")
        await seat.press("escape", "d")
        await seat.sees("Delete fees?", "y Delete")
        await seat.press("n", "d", "y")
        await seat.hears("fees is deleted.")
        assert await canned_of(seat) == {}


async def test_two_canned_replies_have_two_names(sit: Sit) -> None:
    async with sit() as seat:
        await put_canned(seat, fees="text")
        await seat.press("semicolon")
        await seat.sees("fees")
        await seat.press("a", *"fees", "enter")
        await seat.sees("There is one of this name")


async def test_what_another_moderator_writes_shows_by_itself(sit: Sit) -> None:
    async with sit() as seat, sit("Alice") as other:
        await seat.press("semicolon")
        await seat.sees("There are none yet")
        await put_canned(other, thanks="Thank you, {customer}")
        await seat.sees("Thank you, {customer}")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_settings_picture(sit: Sit, picture, size, theme) -> None:
    async with sit(size=size) as seat:
        await seat.press("comma")
        await seat.sees("The terminal's bell", "live")
        assert await seat.picture(theme) == picture


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_canned_picture(sit: Sit, picture, size, theme) -> None:
    async with sit(size=size) as seat:
        await put_canned(
            seat,
            fees="The fee goes to the network, not to us.\n\nYou see it before you sign.",
            hello="Hello {customer}, this is {moderator}. How can I help?",
            **{"wrong-network": "Please switch your wallet to Ethereum Mainnet and try again."},
        )
        await seat.press("semicolon")
        await seat.sees("fees", "wrong-network", "You see it", "live")
        assert await seat.picture(theme) == picture
