"""Commands that no other test gives: what was not delivered, the palette, the mouse."""

from __future__ import annotations

import pytest
from textual.command import CommandList, CommandPalette
from textual.widgets import Input

from console.app import HeadsetConsole
from console.screens.base import BaseScreen
from console.screens.conversation import ConversationScreen
from console.screens.tickets import TicketsScreen
from console.widgets.filterbar import FilterBar
from console.widgets.heading import Heading
from console.widgets.keybar import Command, commands_of
from console.widgets.listing import Listing
from tests.tui.conftest import Sit
from tests.tui.seat import LARGE, Seat
from tests.tui.seeds import Seeds, id_of

_OWNERS = (HeadsetConsole, BaseScreen, TicketsScreen, Listing)


def _in_the_palette() -> list[Command]:
    """Return what the palette offers over the list of tickets, but for what only works after a failure."""
    found = [command for owner in _OWNERS for command in commands_of(owner)]
    return [command for command in found if command.name != "Repeat"]


async def fail(seat: Seat, seeds: Seeds) -> None:
    """Let the first ticket's message not get to the group."""
    customer = await seeds.customer("Ann", "Hello")
    await (await seeds.acts()).send_all(id_of(customer), "failed")


async def test_what_was_not_delivered_is_marked_and_sent_again(sit: Sit, seeds: Seeds) -> None:
    async with sit("Alice") as seat:
        await seat.sees("● live")
        await fail(seat, seeds)
        await seat.sees("● ! #1001")
        await seat.hears("refused")
        await seat.press("enter")
        await seat.sees("refused", "s Send again")
        await seat.press("s")
        await seat.hears("Being sent again.")
        await seat.sees_no("refused")
        await seat.sees_no("s Send again")
        (message,) = (await seat.console.get("/v1/mod/tickets/1001/messages"))["items"]
        assert message["delivery"] in ("stored", "sent", "delivered")
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, TicketsScreen), "the list is back")
        await seat.until(lambda: "! #1001" not in seat.text, "the mark is gone")


def choose(seat: Seat, command: Command) -> bool:
    """Go to a command of the palette, once all are found; others may have the same name."""
    if any(worker.node is seat.app.screen for worker in seat.app.workers):
        return False
    offered = seat.app.screen.query_one(CommandList)
    for at, option in enumerate(offered.options):
        if option.hit.help == command.help:
            offered.highlighted = at
            return True
    return False


@pytest.mark.parametrize("command", _in_the_palette(), ids=lambda command: command.name)
async def test_the_palette_does_each_command_once(
    sit: Sit, seeds: Seeds, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    await seeds.customer("Ann", "Hello")
    ran: list[str] = []
    async with sit("Alice") as seat:
        await seat.sees("#1001", "● live")
        (active,) = [
            each
            for each in seat.app.screen.active_bindings.values()
            if each.binding.description == command.name and each.binding.tooltip == command.help
        ][:1]

        run = seat.app.run_action

        async def note(action: str, *where: object) -> bool:
            if action != active.binding.action:
                return await run(action, *where)
            ran.append(action)
            return True

        await seat.press("ctrl+p")
        await seat.until(lambda: isinstance(seat.app.screen, CommandPalette), "the palette is open")
        seat.app.screen.query_one(Input).value = command.name
        await seat.until(lambda: choose(seat, command), f"{command.name} is offered")
        monkeypatch.setattr(seat.app, "run_action", note)
        await seat.press("enter")
        await seat.until(lambda: not isinstance(seat.app.screen, CommandPalette), "the palette is closed")
        await seat.until(lambda: ran, "it is done")
        assert ran == [active.binding.action]


async def test_a_click_selects_a_row_and_a_double_click_opens_it(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    seeds.later(minutes=1)
    await seeds.customer("Ben", "Hi there")
    async with sit("Alice") as seat:
        await seat.sees("#1001", "#1002")
        listing = seat.app.screen.listing
        await seat.pilot.click(listing, offset=(12, 2))
        await seat.until(lambda: listing.selected.number == 1001, "the second row is selected")
        assert seat.posted(Listing.Moved)[-1].row.number == 1001
        assert isinstance(seat.app.screen, TicketsScreen)
        await seat.pilot.click(listing, offset=(12, 2), times=2)
        await seat.until(lambda: isinstance(seat.app.screen, ConversationScreen), "it is open")
        assert seat.posted(Listing.Opened)[-1].row.number == 1001


async def test_a_click_goes_to_a_filter_and_to_a_section(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice", LARGE) as seat:
        await seat.sees("#1001")
        bar = seat.app.screen.query_one(FilterBar)
        line = "".join(tab.plain for _, tab in bar._tabs(bar.size.width))
        await seat.pilot.click(bar, offset=(line.index("Closed") + 2, 0))
        await seat.sees("No closed tickets.")
        assert seat.posted(FilterBar.Chosen)[-1].name == "closed"
        heading = seat.app.screen.query_one(Heading)
        tabs = "".join(tab.plain for _, tab in heading._tabs(heading.size.width))
        await seat.pilot.click(heading, offset=(tabs.index("Blocks") + 1, 1))
        await seat.until(lambda: seat.app.current_mode == "blocks", "Blocks is shown")
