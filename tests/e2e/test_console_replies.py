"""What a moderator says at the console, on the real system: the customer has it, and Telegram shows it."""

from __future__ import annotations

import uuid
from typing import Any

from stack.conditions import until
from stack.json_api import JsonApi
from stack.operators import open_console
from stack.system import System
from stack.telegram_client import ALICE, BOB, MALLORY
from tests.e2e.acts import Case, open_case, text_after


async def _say(console: JsonApi, number: int, text: str) -> dict[str, Any]:
    body = {"client_id": str(uuid.uuid4()), "text": text}
    said: dict[str, Any] = await console.call("POST", f"/v1/mod/tickets/{number}/messages", body)
    return said


async def _messages(console: JsonApi, number: int) -> list[dict[str, Any]]:
    page = await console.call("GET", f"/v1/mod/tickets/{number}/messages")
    items: list[dict[str, Any]] = page["items"]
    return items


async def test_a_reply_from_the_console_is_seen_and_can_be_replied_to_in_telegram(system: System) -> None:
    console = await open_console(system, ALICE)
    async with open_case(system) as case:
        text = f"Try again now, {uuid.uuid4()}"
        said = await _say(console, case.number, text)
        got = await case.stream.wait_for_text(text)
        assert (got["author"]["name"], got["author"]["verified"]) == ("Alice", True)
        shown = await system.telegram.wait_for_text(text)
        assert shown.text == f"#{case.number} · Alice (console)\n{text}"

        async def is_delivered() -> bool:
            return (await _messages(console, case.number))[-1]["delivery"] == "delivered"

        await until(is_delivered, "the bridge has reported the copy")
        marked = await system.telegram.wait_for_message(
            lambda m: m.id == case.post.id and m.text.endswith("✓ Alice"), "the mark"
        )
        assert marked.id < shown.id
        # A Reply to it reaches the customer, a stranger's is a stranger's.
        await system.telegram.send(MALLORY, f"I am the team {uuid.uuid4()}", reply_to=shown.id)
        reply = f"And reload the page, {uuid.uuid4()}"
        await system.telegram.send(BOB, reply, reply_to=shown.id)
        answer = await case.stream.wait_for_text(reply)
        assert (answer["author"]["name"], answer["reply_to"]) == ("Bob", said["id"])
        texts = [message["text"] for message in await _messages(console, case.number)]
        assert texts[1:] == [text, reply]
        strangers = (await console.call("GET", "/v1/mod/strangers"))["items"]
        assert [one["ticket"] for one in strangers[:1]] == [case.number]


async def test_deleting_the_copy_in_telegram_takes_nothing_from_the_customer(system: System) -> None:
    console = await open_console(system, ALICE)
    async with open_case(system) as case:
        text = f"Try again now, {uuid.uuid4()}"
        await _say(console, case.number, text)
        shown = await system.telegram.wait_for_text(text)
        await system.telegram.delete(shown.id)
        assert ("message.created", text) in await case.last_word()
        history = (await case.customer.history())["items"]
        assert [item["deleted_at"] for item in history if item["text"] == text] == [None]


async def test_a_note_reaches_neither_the_customer_nor_the_group(system: System) -> None:
    console = await open_console(system, ALICE)
    async with open_case(system) as case:
        words = f"He is angry, {uuid.uuid4()}"
        body = {"client_id": str(uuid.uuid4()), "text": words}
        note = await console.call("POST", f"/v1/mod/tickets/{case.number}/notes", body)
        (listed,) = (await console.call("GET", f"/v1/mod/tickets/{case.number}/notes"))["items"]
        assert (listed["id"], listed["text"], listed["by"]["name"]) == (note["id"], words, "Alice")
        assert not [text for _, text in await case.last_word() if text and words in text]
        await _nowhere(system, case, words)


async def _nowhere(system: System, case: Case, words: str) -> None:
    assert words not in str((await case.customer.history())["items"])
    assert words not in str(await system.admin.events(system.room_id, limit=500))
    assert words not in " ".join(message.text for message in await system.telegram.messages())


async def test_what_is_done_at_the_console_shows_to_the_customer_and_to_telegram(system: System) -> None:
    console = await open_console(system, BOB)
    async with open_case(system) as case:
        path = f"/v1/mod/tickets/{case.number}"
        wish = {"status": "closed", "assignee": "me", "tags": ["refund"]}
        ticket = await console.call("PATCH", path, wish)
        assert (ticket["status"], ticket["assignee"]["name"], ticket["tags"]) == ("closed", "Bob", ["refund"])
        await case.became("closed")
        order = await case.reply(ALICE, "/info")
        assert "assigned to Bob" in await text_after(system, order, f"#{case.number}")
        found = await console.call("POST", "/v1/mod/tickets/search", {"q": case.post.text.split()[-1]})
        assert [one["number"] for one in found["items"]] == [case.number]
