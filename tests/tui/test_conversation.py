"""A ticket's conversation against the real plugin: reading, writing, and what is done about it."""

from __future__ import annotations

import uuid

import pytest

from console.screens.tickets import TicketsScreen
from console.widgets.composer import Composer
from console.widgets.thread import Thread
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES, Seat
from tests.tui.seeds import ASKS, HOSTILE, MANY_LINES, Seeds

WIDE = (160, 48)


async def texts_of(customer) -> list[str]:
    """Return what a customer sees."""
    return [item["text"] for item in (await customer.history())["items"]]


async def say(seat: Seat, text: str, number: int = 1001) -> dict:
    body = {"client_id": str(uuid.uuid4()), "text": text}
    return await seat.console.post(f"/v1/mod/tickets/{number}/messages", body)


async def test_an_answer_of_two_lines_reaches_the_customer(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "Where is my swap?")
    async with sit("Alice") as seat:
        await seat.open_ticket("Where is my swap?", "Answer to Ann, #1001")
        await seat.press("enter", *"One", "ctrl+j", *"Two", "enter")
        await seat.sees("Alice ✓ you", "One", "Two")
        assert await texts_of(ann) == ["Where is my swap?", "One\nTwo"]
        sent = seat.posted(Composer.Send)[-1]
        assert (sent.text, sent.is_note) == ("One\nTwo", False)
        assert seat.storage.drafts.keys() == frozenset()
        await seat.until(lambda: seat.app.screen.pane.composer.text == "", "the field is free")
        await ann.send("Thank you!")
        await seat.sees("Thank you!")
        await seat.press("escape", "escape")
        await seat.sees("Thank you!", "#1001")


async def test_a_note_is_the_teams_alone(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat, sit("Bob") as other:
        await seat.open_ticket("Hello")
        await other.open_ticket("Hello")
        await seat.press("n")
        await seat.sees("Note for the team, never to the customer")
        await seat.press(*"Secret", "enter")
        await seat.sees("Note · Alice", "the team only")
        await other.sees("Note · Alice", "Secret")
        await seat.sees("Answer to Ann, #1001")
        await seat.press("ctrl+n", *"x", "ctrl+n")
        await seat.sees("Answer to Ann, #1001")
        assert await texts_of(ann) == ["Hello"]
        assert seat.posted(Composer.Send)[-1].is_note


async def test_a_draft_waits_for_each_ticket_over_a_restart(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice", place="desk") as seat:
        await seat.open_ticket("Hello")
        await seat.press("i", *"Half", "escape", "escape")
        await seat.until(lambda: isinstance(seat.app.screen, TicketsScreen), "the list is back")
        await seat.open_ticket("Half", "a draft; enter to go on")
    async with sit("Alice", place="desk") as seat:
        await seat.open_ticket("Half")
        await seat.press("i", "ctrl+n", "escape", "q")
        await seat.open_ticket("Half", "Note for the team")
        await seat.press("i", *["backspace"] * 4, "escape")
        await seat.sees("enter to write")
        assert seat.storage.drafts.keys() == frozenset()


async def test_a_canned_reply_is_filled_in(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.open_ticket("Hello")
        await seat.press("c")
        await seat.sees("There are no canned replies yet.")
        await seat.press("escape")
        for name, text in {"hello": "Dear {customer}, {moderator} of {ticket}", "bye": "Bye"}.items():
            await seat.console.api.call("PUT", f"/v1/mod/canned/{name}", {"text": text})
        await seat.press("i", *"1 ", "ctrl+r")
        await seat.sees("hello", "bye")
        await seat.type("hel")
        await seat.sees_no("bye")
        await seat.press("enter")
        await seat.until(
            lambda: seat.app.screen.query_one(Composer).text == "1 Dear Ann, Alice of #1001", "it is there"
        )


async def test_assigning_tagging_closing_and_opening(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with sit("Alice", WIDE) as seat:
        await seat.open_ticket("Hello", "With  nobody")
        await seat.press("m")
        await seat.sees("With  Alice", "with Alice")
        await seat.press("a")
        await seat.sees("Who takes #1001?", "Bob", "Carol", "nobody")
        await seat.type("bob")
        await seat.press("enter")
        await seat.sees("With  Bob")
        await seat.press("a", *"nobody", "enter")
        await seat.sees("With  nobody")
        await seat.press("t")
        await seat.sees("Tags of #1001")
        await seat.type("#Swap, vip")
        await seat.press("enter")
        await seat.sees("#swap #vip")
        await seat.press("t", *" ", *("x" * 33), "enter")
        await seat.hears("Tags not changed.")
        await seat.press("x")
        await seat.sees("✓ closed")
        assert (await ann.api.call("GET", "/v1/session"))["ticket"]["status"] == "closed"
        await seat.sees_no("x Close")
        await seat.press("o")
        await seat.sees_no("✓ closed")
        assert (await ann.api.call("GET", "/v1/session"))["ticket"]["status"] == "open"


async def test_blocking_with_a_length_and_a_reason_and_lifting_it(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with sit("Alice", WIDE) as seat:
        await seat.open_ticket("Hello")
        await seat.press("b")
        await seat.sees("Block Ann", "3d (usual)")
        await seat.press("down", "tab", "tab")
        await seat.press("escape")
        await seat.press("b", "down", "tab")
        await seat.type("Spam")
        await seat.press("enter")
        await seat.sees("⊘ blocked; the customer can't tell", "ends in 1 h", "Spam", "u Unblock")
        (block,) = (await seat.console.get("/v1/mod/blocks?active=true"))["items"]
        assert (block["reason"], block["by"]["name"]) == ("Spam", "Alice")
        await ann.send("Does anybody hear me?")
        await seat.sees("Does anybody hear me?")
        await seat.press("u")
        await seat.sees("lifted 12:0", "b Block")
        assert (await seat.console.get("/v1/mod/blocks?active=true"))["items"] == []


async def test_a_reply_that_asks_for_a_secret_is_held_and_says_so(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with sit("Alice", WIDE) as seat, sit("Bob") as other:
        await seat.open_ticket("Hello")
        await other.open_ticket("Hello")
        await seat.press("i")
        await seat.type(ASKS)
        await seat.press("enter")
        await seat.sees("Held, not sent", "Another moderator can release it (3 Held).", "Why: ")
        await other.sees("Held, not sent · Alice")
        assert await texts_of(ann) == ["Hello"]
        (held,) = (await other.console.get("/v1/mod/held"))["items"]
        await other.console.post(f"/v1/mod/held/{held['id']}/release")
        await seat.sees("Alice ✓ you")
        await seat.until(lambda: "Held, not sent ·" not in seat.text, "it is held no more")
        assert await texts_of(ann) == ["Hello", ASKS]


async def test_what_is_too_long_or_empty_stays_where_it_is_with_the_reason(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.open_ticket("Hello")
        await seat.press("i", "enter")
        await seat.sees("There is nothing to send.")
        composer = seat.app.screen.query_one(Composer)
        composer.set_text("x" * 4001)
        await seat.press("enter")
        await seat.sees("Not sent: 4,001 characters, and 4,000 are allowed.", "4,001 of 4,000")
        assert len(composer.text) == 4001
        composer.set_text("\u200b")
        await seat.press("enter")
        await seat.sees("Not sent: ")
        assert await texts_of(ann) == ["Hello"]


async def test_older_messages_come_as_one_scrolls_and_edits_and_deletions_show(
    sit: Sit, seeds: Seeds
) -> None:
    await seeds.customer("Ann", "Message 0")
    acts = await seeds.acts()
    for n in range(1, 151):
        seeds.later(minutes=20)
        await acts.answer(1001, f"Message {n}")
    async with sit("Alice") as seat:
        await seat.open_ticket("Message 150")
        thread = seat.app.screen.query_one(Thread)
        assert thread.is_at_end()
        assert "Message 0" not in seat.text
        for _ in range(3):
            await seat.press("home")
            await seat.pilot.pause()
        await seat.until(lambda: thread._talk.oldest == 1, "all are here")
        await seat.press("home")
        await seat.sees("Message 0", "Sunday, 1 March 2026")
        await seat.press("end")
        await seat.sees("Message 150")
        assert thread.is_at_end()
        await seat.press("pageup", "pagedown", "up", "k", "j", "down", "down")
        await seat.until(lambda: seat.app.focused is seat.app.screen.pane.composer.field, "one writes")


async def test_hostile_messages_are_shown_as_text_and_long_ones_folded(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", HOSTILE)
    await ann.send(MANY_LINES[:3990])
    await ann.send("after it")
    async with sit("Alice") as seat:
        await seat.open_ticket("after it", "more lines: space unfolds")
        await seat.press("up", "up", "space")
        await seat.sees("line ")
        await seat.sees_no("more lines: space unfolds")
        await seat.press("space", "home")
        await seat.sees("[/] [@click=app.quit]x[/] [red]r[/red] [31mred", "olleh")
        assert "\x1b" not in seat.text
        assert "\u202e" not in seat.text


async def test_of_who_is_erased_nothing_stays_on_the_screen(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", "My private words")
    await seeds.customer("Ben", "Hello")
    async with sit("Alice", WIDE) as seat:
        await seat.sees("#1001", "#1002")
        note = {"client_id": str(uuid.uuid4()), "text": "What we think"}
        await seat.console.post("/v1/mod/tickets/1001/notes", note)
        await seat.press("end")
        await seat.open_ticket("My private words", "What we think", "ann@example.org")
        assert (await ann.api.request("DELETE", "/v1/me")).status == 202
        for words in ("My private words", "What we think", "Ann", "ann@example.org"):
            await seat.sees_no(words)
        await seat.press("escape", "c")
        await seat.sees("#1001")
        for words in ("My private words", "Ann"):
            await seat.sees_no(words)


async def test_the_panel_has_a_key_where_the_terminal_is_narrow(sit: Sit, seeds: Seeds) -> None:
    await seeds.customer("Ann", "Hello")
    async with sit("Alice") as seat:
        await seat.open_ticket("Hello")
        assert "Identity" not in seat.text
        await seat.press("p")
        await seat.sees("Identity  the site's user", "ann@example.org")
        await seat.press("down", "up", "escape")
        await seat.sees("Hello")
        await seat.press("p", "p")
        await seat.sees("Hello")
    async with sit("Alice", WIDE) as seat:
        await seat.open_ticket("Hello", "ann@example.org")
        await seat.press("p")
        await seat.sees_no("ann@example.org")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_how_it_looks(sit: Sit, seeds: Seeds, picture, size, theme: str) -> None:
    ann = await seeds.customer("Ann", "Hello, my swap of 2 ETH is stuck since yesterday. What can I do? 🙏")
    seeds.later(minutes=3)
    acts = await seeds.acts("Bob")
    await acts.answer(1001, "Hi Ann!\nWhich network was it?")
    seeds.later(minutes=2)
    await ann.send("网络是 Arbitrum, شكرا")
    seeds.later(minutes=2)
    async with sit("Alice", size) as seat:
        note = {"client_id": str(uuid.uuid4()), "text": "The bridge team looks at it until noon."}
        await seat.console.post("/v1/mod/tickets/1001/notes", note)
        seeds.later(minutes=1)
        await say(seat, "The bridge is slow today: it will arrive within the hour.")
        seeds.later(minutes=1)
        await say(seat, ASKS)
        body = {"assignee": "me", "tags": ["swap", "vip"]}
        await seat.console.api.call("PATCH", "/v1/mod/tickets/1001", body)
        await seat.open_ticket("Held, not sent", "Note · Alice", "with Alice")
        await seat.press("i", *"Thank you")
        assert await seat.picture(theme) == picture
