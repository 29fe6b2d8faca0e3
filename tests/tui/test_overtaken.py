"""What the stream tells overtakes what was asked for before it: the newer one holds."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.integration.plugin.mod.team import make_code
from tests.tui.conftest import Sit
from tests.tui.seat import Seat
from tests.tui.seeds import Seeds, id_of


class OnTheWay:
    """Answers of one route that are on their way until they are let go."""

    def __init__(self, seat: Seat, name: str) -> None:
        self._gate, self.asked = asyncio.Event(), 0
        ask: Callable[..., Any] = getattr(seat.app.client, name)

        async def slow(*values: Any, **more: Any) -> Any:
            self.asked += 1
            answer = await ask(*values, **more)
            await self._gate.wait()
            return answer

        setattr(seat.app.client, name, slow)

    def let_go(self) -> None:
        self._gate.set()


async def test_a_list_keeps_what_changed_while_its_page_was_on_its_way(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.sees("#1001", "● live")
        held = OnTheWay(seat, "tickets")
        await seat.press("r")
        await seat.until(lambda: held.asked == 1, "the page is on its way")
        await seeds.customer("Ben", "I am new")
        await seat.sees("#1002")
        await seat.console.api.call("PATCH", "/v1/mod/tickets/1001", {"status": "closed"})
        await seat.sees_no("#1001")
        held.let_go()
        await seat.until(lambda: not seat.app.screen.listing._asked.is_set(), "the page is here")
        await seat.sees("#1002")
        await seat.sees_no("#1001")


async def test_a_list_that_is_to_be_loaded_again_while_a_page_is_on_its_way_is(
    sit: Sit, seeds: Seeds
) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.sees("#1001", "● live")
        held = OnTheWay(seat, "tickets")
        await seat.press("r")
        await seat.until(lambda: held.asked == 1, "the page is on its way")
        await seat.press("r")
        held.let_go()
        await seat.until(lambda: held.asked == 2, "it is asked for again")


async def test_a_ticket_that_comes_and_goes_at_once_leaves_nothing_behind(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.sees("#1001", "● live")
        screen, listing = seat.app.screen, seat.app.screen.listing
        first = listing.window.get("1001")
        # Both within one repaint: the row is not yet in the list when it is to go.
        screen._take_ticket(replace(first, number=1002))
        screen._take_ticket(replace(first, number=1002, status="closed"))
        screen._take_ticket(first)
        await seat.until(lambda: not listing._pending, "it is taken in")
        assert [row.number for row in listing.window.rows()] == [1001]


async def test_a_message_before_the_first_page_hides_no_older_ones(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "The first")
    async with sit("Alice") as seat:
        await seat.sees("#1001", "● live")
        for n in range(101):
            body = {"client_id": str(uuid.uuid4()), "text": f"Answer {n}"}
            await seat.console.post("/v1/mod/tickets/1001/messages", body)
            seeds.later(seconds=30)
        held = OnTheWay(seat, "messages")
        await seat.press("enter")
        await seat.until(lambda: held.asked == 1, "the page is on its way")
        await ann.send("Just now")
        await seat.until(lambda: seat.app.screen.pane._talk.newest, "it is heard")
        held.let_go()
        await seat.sees("Answer 100", "Just now")
        await seat.until(lambda: seat.app.screen.pane._talk.has_older, "there are older ones")


async def test_a_message_keeps_its_new_state_when_an_older_page_comes(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "A slip")
    async with sit("Alice") as seat:
        await seat.open_ticket("A slip")
        held = OnTheWay(seat, "messages")
        await seat.press("r")
        await seat.until(lambda: held.asked == 1, "the page is on its way")
        await (await seeds.acts()).send_all(id_of(ann), "failed")
        await seat.sees("refused")
        held.let_go()
        await seat.until(lambda: not seat.app.screen.pane._awaited, "the page is here")
        await seat.sees("refused")


async def test_a_ticket_keeps_its_new_state_when_an_older_answer_comes(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.open_ticket("Hello")
        held = OnTheWay(seat, "ticket")
        await seat.press("r")
        await seat.until(lambda: held.asked == 1, "the ticket is on its way")
        await seat.console.api.call("PATCH", "/v1/mod/tickets/1001", {"status": "closed"})
        await seat.sees("closed")
        held.let_go()
        await seat.until(lambda: not seat.app.screen._acts, "it is here")
        await seat.sees("closed")


async def test_what_came_while_another_section_was_shown_is_read_when_one_is_back(
    sit: Sit, seeds: Seeds
) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.open_ticket("Hello")
        await seat.go("held")
        screen = seat.app._screen_stacks["tickets"][-1]
        newest = screen.pane._talk.newest
        await ann.send("Are you there?")
        await seat.until(lambda: screen.pane._talk.newest > newest, "it is heard")
        assert seat.storage.read.get(1001) == newest
        await seat.press("1")
        await seat.sees("Are you there?")
        await seat.until(lambda: seat.storage.read.get(1001) == newest + 1, "it is read")


async def test_an_act_on_a_ticket_that_met_the_end_of_the_login_is_repeated_after_it(
    sit: Sit, seeds: Seeds, desk
) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice", (100, 30)) as seat:
        await seat.open_ticket("Hello")
        async with seeds.database.transaction() as tx:
            await tx.access.revoke(seat.console.token_id, seeds.clock.now())
        await seat.press("x")
        await seat.sees("Log in again")
        await seat.type(await make_code(desk, "Alice"))
        await seat.press("enter")
        await seat.sees("● live", "R Repeat")
        await seat.press("R")
        await seat.hears("Closed. o opens it again.")
