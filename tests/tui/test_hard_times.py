"""A lost connection, a slow desk, a login that ends: nothing typed is lost, nothing missed, no key waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual import events
from textual.widgets import Input

from console.api.models import TicketDetail
from console.screens.conversation import ConversationScreen
from console.screens.login import LoginScreen
from console.screens.tickets import TicketsScreen
from console.widgets.composer import Composer
from console.widgets.listing import Listing
from stack.conditions import PATIENCE
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import make_code
from tests.tui.conftest import Sit
from tests.tui.seat import Seat
from tests.tui.seeds import Seeds
from tests.tui.wire import Wire, wire_to


@asynccontextmanager
async def wired(
    sit: Sit, desk: Desk, name: str = "Alice", **more: object
) -> AsyncIterator[tuple[Seat, Wire]]:
    """Seat a moderator at a desk that is behind a line."""
    async with wire_to(desk.http.make_url("/")) as wire, sit(name, (100, 30), url=wire.url, **more) as seat:
        await seat.sees("● live")
        yield seat, wire


async def texts_of(customer) -> list[str]:
    return [item["text"] for item in (await customer.history())["items"]]


async def test_a_lost_connection_shows_and_comes_back_with_nothing_missed(
    sit: Sit, seeds: Seeds, desk: Desk
) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with wired(sit, desk) as (seat, wire):
        await seat.open_ticket("Hello")
        wire.cut()
        await seat.sees("✗ offline")
        for n in range(5):
            await ann.send(f"While you were away {n}")
        await seeds.customer("Ben", "And I")
        assert "While" not in seat.text
        wire.mend()
        await seat.press("r")
        await seat.sees("● live", *(f"While you were away {n}" for n in range(5)))
        await seat.press("escape")
        await seat.sees("And I", "While you were away 4")


async def test_an_answer_that_could_not_be_sent_is_kept_and_is_never_sent_twice(
    sit: Sit, seeds: Seeds, desk: Desk
) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with wired(sit, desk) as (seat, wire):
        await seat.open_ticket("Hello")
        wire.cut()
        await seat.press("i", *"Answer", "enter")
        await seat.sees("Not sent: ", "Enter tries again.")
        composer = seat.app.screen.query_one(Composer)
        assert composer.text == "Answer"
        wire.mend()
        await seat.press("enter")
        await seat.sees("Alice ✓ you")
        assert await texts_of(ann) == ["Hello", "Answer"]

        # It arrives, and the answer to it does not.
        answer = seat.app.client.answer

        async def lose(number: int, **more: object) -> object:
            await answer(number, **more)
            wire.cut()
            return await answer(number, **more)

        seat.app.client.answer = lose
        await seat.press(*"Once", "enter")
        await seat.sees("Not sent: ")
        seat.app.client.answer = answer
        wire.mend()
        await seat.press("enter")
        await seat.until(lambda: composer.text == "", "it is sent")
        assert await texts_of(ann) == ["Hello", "Answer", "Once"]


async def test_what_fails_while_one_writes_on_is_sent_again_by_a_key(
    sit: Sit, seeds: Seeds, desk: Desk
) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with wired(sit, desk, place="desk") as (seat, wire):
        await seat.open_ticket("Hello")
        wire.stall()
        await seat.press("i", *"First", "enter", *"Second")
        await seat.sees("Sending …", "First", "Second")
        wire.cut()
        wire.flow()
        await seat.sees("The one before was not sent", "Not sent")
        await seat.press("escape")
        await seat.sees("s Send again")
    async with wired(sit, desk, place="desk") as (seat, wire):
        await seat.open_ticket("Hello")
        await seat.sees("First", "no answer came before it was left", "Second")
        await seat.press("s")
        await seat.sees("Alice ✓ you")
        assert await texts_of(ann) == ["Hello", "First"]
        assert seat.app.screen.query_one(Composer).text == "Second"


async def test_a_desk_that_does_not_answer_stops_no_key(sit: Sit, seeds: Seeds, desk: Desk) -> None:
    ann = await seeds.customer("Ann", "Hello")
    await seeds.customer("Ben", "Hello")
    async with wired(sit, desk) as (seat, wire):
        await seat.sees("#1001", "#1002")
        wire.stall()
        listing = seat.app.screen.query_one(Listing)
        await seat.press("down")
        assert listing.cursor == 1
        await seat.press("w")
        await seat.sees("Loading …")
        await seat.press("o", "slash", *"typed")
        await seat.sees("typed")
        await seat.press("escape", "question_mark")
        await seat.sees("Searches texts")
        await seat.press("escape")
        wire.flow()
        await seat.sees("#1001", "#1002")
        await seat.press("end", "enter")
        await seat.sees("Answer to")
        wire.stall()
        await seat.press("x", "i", *"Words")
        await seat.sees("Words", "⋯")
        wire.flow()
        await seat.hears("Closed.")
    del ann


async def test_who_sends_and_leaves_at_once_has_sent_all_the_same(sit: Sit, seeds: Seeds, desk: Desk) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with wired(sit, desk) as (seat, wire):
        await seat.open_ticket("Hello")
        wire.stall()
        await seat.press("i", *"Bye", "enter", "escape", "x", "escape")
        await seat.until(lambda: isinstance(seat.app.screen, TicketsScreen), "the list is back")
        wire.flow()
        await seat.sees("No open tickets.")
        assert await texts_of(ann) == ["Hello", "Bye"]
        await seat.press("c")
        await seat.open_ticket("Bye")
        assert "Not sent" not in seat.text


async def test_what_fails_after_one_has_left_says_so_and_waits(sit: Sit, seeds: Seeds, desk: Desk) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with wired(sit, desk) as (seat, wire):
        await seat.open_ticket("Hello")
        wire.stall()
        await seat.press("i", *"Bye", "enter", "escape", "escape")
        wire.cut()
        wire.flow()
        await seat.hears("It waits there to be sent again.")
        wire.mend()
        await seat.open_ticket("no answer came before it was left")
        await seat.press("s")
        await seat.sees("Alice ✓ you")
        assert await texts_of(ann) == ["Hello", "Bye"]


async def test_what_is_typed_in_one_go_is_no_command(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    await seeds.customer("Ben", "Hello")
    async with sit("Alice", (100, 30)) as seat:
        await seat.sees("#1001", "#1002", "● live")
        for letter in "/#1001":
            seat.app.post_message(events.Key({"/": "slash", "#": "number_sign"}.get(letter, letter), letter))
        await seat.sees("Hello", "To the list")
        await seat.until(lambda: seat.app.screen.query_one(Input).value == "#1001", "all of it is there")
        await seat.sees_no("#1002")
        await seat.press("enter")
        await seat.open_ticket("Hello")
        for letter in "iextbaoup2q":
            seat.app.post_message(events.Key(letter, letter))
        await seat.until(lambda: seat.app.screen.pane.composer.text == "extbaoup2q", "all of it is there")
        ticket = await seat.console.get("/v1/mod/tickets/1001")
        assert (ticket["status"], ticket["assignee"]) == ("open", None)


async def test_a_failed_act_says_why_and_is_repeated(sit: Sit, seeds: Seeds, desk: Desk) -> None:
    await seeds.customer("Ann", "Hello")
    async with wired(sit, desk) as (seat, wire):
        await seat.open_ticket("Hello")
        wire.cut()
        await seat.press("x")
        await seat.hears("Not closed. The desk can't be reached")
        await seat.sees("R Repeat")
        wire.mend()
        await seat.press("R")
        await seat.hears("Closed. o opens it again.")
        await seat.sees_no("R Repeat")


async def test_a_list_that_could_not_be_loaded_says_so_and_comes_by_itself(
    sit: Sit, seeds: Seeds, desk: Desk
) -> None:
    await seeds.customer("Ann", "Hello")
    async with wired(sit, desk) as (seat, wire):
        await seat.sees("#1001")
        wire.cut()
        await seat.press("w")
        await seat.sees("✗ Not loaded; r tries again. The desk ")
        wire.mend()
        await seat.press("r")
        await seat.sees("#1001", "● live")


async def test_a_login_that_ends_asks_for_a_code_and_loses_nothing(
    sit: Sit, seeds: Seeds, desk: Desk
) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with sit("Alice", (100, 30)) as seat:
        await seat.open_ticket("Hello")
        await seat.press("i", *"Half")
        await seat.console.api.call("DELETE", f"/v1/mod/tokens/{seat.console.token_id}")
        await seat.until(lambda: isinstance(seat.app.screen, LoginScreen), "it asks for a code")
        await seat.sees("Nothing that you typed is lost.", "!headset token")
        await seat.press(*"WRONG", "enter")
        await seat.sees("Not logged in. ")
        await seat.press("escape", "enter")
        await seat.sees("Not sent: ")
        await seat.until(lambda: isinstance(seat.app.screen, LoginScreen), "it asks again")
        await ann.send("Meanwhile")
        await seat.press(*(await make_code(desk, "Alice")), "enter")
        await seat.until(lambda: isinstance(seat.app.screen, ConversationScreen), "it goes on")
        await seat.sees("● live", "Meanwhile", "Half")
        assert [new.moderator.name for new in seat.tokens] == ["Alice"]
        await seat.press("enter")
        await seat.sees("Alice ✓ you")
        assert await texts_of(ann) == ["Hello", "Meanwhile", "Half"]


async def test_notices_come_for_what_matters_and_can_be_turned_off(sit: Sit, seeds: Seeds) -> None:
    async with sit("Alice", (100, 30)) as seat:
        await seat.sees("No open tickets.", "● live")
        bells: list[int] = []
        seat.app.bell = lambda: bells.append(1)
        await seeds.customer("Ann", "Are you there?")
        await seat.hears("Are you there?")
        assert len(bells) == 1
        seat.storage.change(notify_tickets=False)
        await seeds.customer("Ben", "And you?")
        await seat.sees("And you?")
        assert not any("And you?" in said for said in seat.said)
        seat.storage.change(notify_tickets=True, bell=False)
        await seeds.customer("Cem", "Or you?")
        await seat.hears("Or you?")
        assert len(bells) == 1
        assert isinstance(seat.app.screen, TicketsScreen)


async def test_what_comes_while_a_conversation_closes_breaks_nothing(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.sees("Ann")
        fetch = seat.app.client.ticket
        for turns in range(40):
            asked, goes_on = asyncio.Event(), asyncio.Event()

            async def fetch_late(
                number: int, asked: asyncio.Event = asked, goes_on: asyncio.Event = goes_on
            ) -> TicketDetail:
                found = await fetch(number)
                asked.set()
                await goes_on.wait()
                return found

            seat.app.client.ticket = fetch_late
            await seat.press("enter")
            await asyncio.wait_for(asked.wait(), PATIENCE)
            seat.app.pop_screen()
            # At each step of its going.
            for _ in range(turns):
                await asyncio.sleep(0)
            goes_on.set()
            await seat.until(lambda: isinstance(seat.app.screen, TicketsScreen), "the list is back")
