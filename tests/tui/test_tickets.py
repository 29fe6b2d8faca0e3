"""The list of tickets against the real plugin: filters, search, sort, live changes, looks."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from console.screens.conversation import ConversationScreen
from console.screens.tickets import TicketsScreen
from console.widgets.listing import Listing
from tests.tui.big_desk import fill
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES, Seat
from tests.tui.seeds import HOSTILE, MANY_LINES, Seeds, id_of


def shown(seat: Seat) -> list[int]:
    """Return the numbers of the tickets in the list, in its order."""
    screen = seat.app.screen
    assert isinstance(screen, TicketsScreen)
    return [row.number for row in screen.listing.window.rows()]


async def shows(seat: Seat, *numbers: int) -> None:
    """Wait until exactly these are in the list, in this order."""
    await seat.until(lambda: shown(seat) == list(numbers), f"the list is {numbers}")


async def people(seeds: Seeds, *names: str) -> list:
    """Let customers write, a minute apart; their tickets are 1001 and so on."""
    found = []
    for name in names:
        found.append(await seeds.customer(name, f"Hello from {name}"))
        seeds.later(minutes=1)
    return found


async def patch(seat: Seat, number: int, **changes: object) -> None:
    await seat.console.api.call("PATCH", f"/v1/mod/tickets/{number}", changes)


async def test_each_list_shows_its_tickets_and_changes_live(sit: Sit, seeds: Seeds) -> None:
    ann, ben, cem, dan = await people(seeds, "Ann", "Ben", "Cem", "Dan")
    async with sit("Alice") as seat:
        await shows(seat, 1004, 1003, 1002, 1001)
        await patch(seat, 1001, assignee="me")
        await patch(seat, 1002, status="closed")
        block = await seat.console.post("/v1/mod/blocks", {"customer": id_of(cem)})
        await seat.sees("⊘")
        await seat.press("m")
        await shows(seat, 1001)
        await seat.press("u")
        await seat.until(lambda: set(shown(seat)) == {1003, 1004}, "nobody has these")
        await seat.press("b")
        await shows(seat, 1003)
        await seat.sees("⊘")
        await seat.press("c")
        await shows(seat, 1002)
        await seat.press("w")
        await seat.until(lambda: set(shown(seat)) == {1001, 1004}, "two wait for us")
        await seat.press("o")
        await seat.until(lambda: set(shown(seat)) == {1001, 1003, 1004}, "three are open")
        await seat.press("right")
        await seat.until(lambda: set(shown(seat)) == {1001, 1004}, "two wait for us")
        await seat.press("h", "h")
        await shows(seat, 1002)
        await patch(seat, 1002, status="open")
        await seat.sees("No closed tickets.")
        await seat.press("b")
        await seat.sees("#1003")
        await seat.console.api.call("DELETE", f"/v1/mod/blocks/{block['id']}")
        await seat.sees("Nobody is blocked.")
        await seat.console.post("/v1/mod/blocks", {"customer": id_of(dan)})
        await seat.sees("#1004")
        await seat.press("c")
        await seat.sees("No closed tickets.")
        await patch(seat, 1004, status="closed")
        await shows(seat, 1004)
    del ann, ben


async def test_searching_as_one_types_and_going_back(sit: Sit, seeds: Seeds) -> None:
    await people(seeds, "Ann", "Ben")
    await seeds.customer("Cem", "The swap of seven tokens is stuck")
    async with sit("Alice") as seat:
        await shows(seat, 1003, 1002, 1001)
        await seat.press("slash")
        await seat.type("swap")
        await shows(seat, 1003)
        await seat.sees("The swap of seven tokens", "To the list")
        await seat.press("enter")
        assert seat.app.focused is seat.app.screen.query_one(Listing)
        await seat.press("slash", *["backspace"] * 4)
        await seat.type("1001")
        await shows(seat, 1001)
        await seat.press(*["backspace"] * 4)
        await seat.type("nothing like it")
        await seat.sees("Nothing found for “nothing like it”.")
        await seat.press("escape")
        await shows(seat, 1003, 1002, 1001)


async def test_what_is_typed_on_overtakes_the_search_before(sit: Sit, seeds: Seeds) -> None:
    await people(seeds, "Ann", "Ben")
    async with sit("Alice") as seat:
        await shows(seat, 1002, 1001)
        asked: list[str] = []
        search = seat.app.client.search
        holds = asyncio.Event()

        async def slow(q: str, **more: object) -> object:
            asked.append(q)
            if q == "Ann":
                await holds.wait()
            return await search(q, **more)

        seat.app.client.search = slow
        await seat.press("slash")
        await seat.type("Ann")
        await seat.until(lambda: asked == ["Ann"], "it is searched for")
        await seat.press(*["backspace"] * 3)
        await seat.type("Ben")
        await shows(seat, 1002)
        holds.set()
        await seat.pilot.pause()
        assert shown(seat) == [1002]


async def test_sorting(sit: Sit, seeds: Seeds) -> None:
    await people(seeds, "Ann", "Ben", "Cem")
    async with sit("Alice") as seat:
        await shows(seat, 1003, 1002, 1001)
        await seat.press("s")
        await seat.sees("waiting longest")
        await shows(seat, 1001, 1002, 1003)
        await seat.press("s")
        await seat.sees("↓ number")
        await shows(seat, 1003, 1002, 1001)


async def test_live_changes_leave_the_selected_ticket_selected(sit: Sit, seeds: Seeds) -> None:
    ann, _, cem = await people(seeds, "Ann", "Ben", "Cem")
    async with sit("Alice") as seat:
        await shows(seat, 1003, 1002, 1001)
        await seat.press("down")
        assert seat.posted(Listing.Moved)[-1].row.number == 1002
        await ann.send("Once more")
        await shows(seat, 1001, 1003, 1002)
        await seat.sees("Once more")
        seeds.later(minutes=1)
        await seeds.customer("Dan", "A new one")
        await shows(seat, 1004, 1001, 1003, 1002)
        await seat.hears("A new one")
        seeds.later(minutes=1)
        await cem.send("And I")
        await shows(seat, 1003, 1004, 1001, 1002)
        listing = seat.app.screen.query_one(Listing)
        assert listing.selected.number == 1002
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, ConversationScreen), "it is open")
        assert seat.posted(Listing.Opened)[-1].row.number == 1002
        await seat.sees("Hello from Ben")
        await seat.press("q")
        await seat.until(lambda: isinstance(seat.app.screen, TicketsScreen), "the list is back")
        assert seat.app.screen.query_one(Listing).selected.number == 1002


async def test_unread_marks_go_when_a_ticket_was_looked_at(sit: Sit, seeds: Seeds) -> None:
    (ann,) = await people(seeds, "Ann")
    async with sit("Alice", place="desk") as seat:
        await seat.sees("● ")
        await seat.open_ticket("Hello from Ann")
        await seat.press("escape")
        await seat.until(lambda: "●   #1001" not in seat.text and "#1001" in seat.text, "it is read")
        await ann.send("Are you there?")
        await seat.sees("Are you there?", "●   #1001")
    async with sit("Alice", place="desk") as seat:
        await seat.sees("●   #1001")


async def test_waiting_turns_warm_with_a_sign_and_a_colour(sit: Sit, seeds: Seeds) -> None:
    await people(seeds, "Ann")
    async with sit("Alice") as seat:
        await seat.sees("1 min ·")
        seeds.later(minutes=14)
        seat.app.screen.time_passed()
        await seat.sees("15 min ▲")
        seeds.later(minutes=45)
        seat.app.screen.time_passed()
        await seat.sees("1 h ▲▲")


async def test_ten_thousand_tickets_come_in_pages(sit: Sit, seeds: Seeds, tmp_path, pinned) -> None:
    now = int(pinned.now().timestamp() * 1000)
    await asyncio.to_thread(fill, tmp_path / "desk.db", 10_000, now)
    async with sit("Alice", (160, 48)) as seat:
        await seat.sees("#11000", "#10960")
        listing = seat.app.screen.query_one(Listing)
        assert len(listing.window) == 100
        for _ in range(30):
            loaded = len(listing.window)
            await seat.press("end")
            await seat.until(lambda loaded=loaded: len(listing.window) > loaded, "the next page is here")
        assert listing.window.resident <= 2_200
        assert len(listing.window) == 3_100
        await seat.press("home")
        await seat.sees("#11000", "#10960")
        await seat.press("pagedown", "pagedown", "pageup")
        await seat.sees("#10930")


async def test_hostile_texts_are_texts(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer(HOSTILE[:60], HOSTILE)
    await seeds.customer("Ann", MANY_LINES[:3900])
    async with sit("Alice", (160, 48)) as seat:
        await seat.sees("[/] [@click=app.quit]x[/]", "line 0 line 1")
        assert "\x1b" not in seat.text
        assert "\u202e" not in seat.text
        await seat.press("slash", *"[/]")
        await seat.sees("[/]")
        await seat.press("escape")
        await seat.sees("#1001")


async def test_help_lists_every_key_and_the_palette_finds_one(sit: Sit, seeds: Seeds) -> None:
    await people(seeds, "Ann")
    async with sit("Alice", (160, 48)) as seat:
        await seat.sees("#1001")
        await seat.press("question_mark")
        await seat.sees("Searches texts, names", "Newest activity, waiting longest", "Opens the selected row")
        await seat.press("escape")
        await seat.press("ctrl+p")
        await seat.type("Waiting for")
        await seat.sees("Waiting for us  (w)")
        await seat.press("enter")
        await seat.until(
            lambda: isinstance(seat.app.screen, TicketsScreen) and seat.app.screen._filter.name == "waiting",
            "the list changed",
        )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_how_it_looks(sit: Sit, seeds: Seeds, picture, size, theme: str) -> None:
    ann, ben, cem, dan, eve = await people(seeds, "Ann", "Ben", "张伟", "مريم", "Zoë 👩‍👩‍👧")
    seeds.later(minutes=20)
    await people(seeds, "Fay", "Gil")
    seeds.later(minutes=50)
    await people(seeds, "Hal")
    async with sit("Alice", size) as seat:
        await seat.console.post("/v1/mod/blocks", {"customer": id_of(cem)})
        await patch(seat, 1001, assignee="me", tags=["swap", "vip"])
        await patch(seat, 1002, status="closed")
        await patch(seat, 1004, tags=["fees"])
        text = "Sorry for the wait, we are looking into it now."
        await seat.console.post(
            "/v1/mod/tickets/1006/messages", {"client_id": str(uuid.uuid4()), "text": text}
        )
        await shows(seat, 1006, 1008, 1007, 1005, 1004, 1003, 1001)
        await seat.sees("⊘", "me", "Alice: Sorry", *(["#vip", "#fees"] if size[0] > 80 else []))
        await seat.until(lambda: seat.app.desk.stats and seat.app.desk.stats.blocked == 1, "it is counted")
        await seat.press("end", "home", "down", "down")
        assert await seat.picture(theme) == picture
    del ann, ben, dan, eve
