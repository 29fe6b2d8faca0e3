"""The team's page: its files, and the live stream that feeds it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from stack.conditions import PATIENCE
from stack.telegram import team
from stack.telegram.live import PAGE_FILES, Link

ALICE = team.ALICE.id


async def read_events(control: Any, count: int, **request: Any) -> list[tuple[int, str, Any]]:
    """Read some events of /live as (number, event, data)."""
    found: list[tuple[int, str, Any]] = []
    async with control.http.get(control.base_url + "/live", **request) as response:
        assert response.content_type == "text/event-stream"
        while len(found) < count:
            block = await asyncio.wait_for(response.content.readuntil(b"\n\n"), PATIENCE)
            fields = dict(line.split(": ", 1) for line in block.decode().strip().split("\n"))
            if "event" in fields:
                found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


async def test_live_tells_new_edited_and_deleted(control: Any) -> None:
    start = (await control.get("/chat"))["last"]
    stream = asyncio.create_task(read_events(control, 3, params={"after": start}))
    sent = await control.post("/send", sender=ALICE, text="a\n\nb")
    await control.post("/edit", id=sent["id"], text="c")
    await control.post("/delete", ids=[sent["id"]])
    new, edited, deleted = await stream
    assert (new[1], new[2]["text"], new[2]["name"]) == ("new", "a\n\nb", "Alice Example")
    assert (edited[1], edited[2]["text"], edited[2]["edited"]) == ("edited", "c", True)
    assert deleted[1:] == ("deleted", {"id": sent["id"]})


async def test_live_replays_exactly_what_was_missed(telegram: Any) -> None:
    control = telegram.control
    for text in ("a", "b", "c"):
        await control.post("/send", sender=ALICE, text=text)
    # Another chat's events are not ours.
    await control.ask("/user", {"id": team.BOT_ID, "join": [team.NEWS_CHANNEL_ID]})
    await control.post("/send", chat=team.NEWS_CHANNEL_ID, sender=ALICE, text="news")
    events = await read_events(control, 3, params={"after": 0})
    assert [data["text"] for _, _, data in events] == ["a", "b", "c"]
    seen = {"Last-Event-ID": str(events[0][0])}
    assert await read_events(control, 2, headers=seen) == events[1:]
    await telegram.restart()
    control = telegram.control
    await control.post("/send", sender=ALICE, text="d")
    replayed = await read_events(control, 3, headers=seen, params={"after": 0})
    assert replayed[:2] == events[1:]
    assert replayed[2][2]["text"] == "d"
    assert replayed[2][0] > events[2][0]


async def test_live_without_a_number_begins_now(control: Any, until: Any) -> None:
    await control.post("/send", sender=ALICE, text="old")
    async with control.http.get(control.base_url + "/live") as response:
        await response.content.readuntil(b"\n\n")
        await control.post("/send", sender=ALICE, text="fresh")
        block = await asyncio.wait_for(response.content.readuntil(b"\n\n"), PATIENCE)
        assert b'"fresh"' in block


async def test_chat_and_live_fit_together(control: Any) -> None:
    await control.post("/send", sender=ALICE, text="one")
    state = await control.get("/chat")
    await control.post("/send", sender=ALICE, text="two")
    [event] = await read_events(control, 1, params={"after": state["last"]})
    assert [message["text"] for message in state["messages"]] == ["one"]
    assert event[2] == (await control.messages())[-1]


@pytest.mark.parametrize("path", PAGE_FILES)
async def test_page_files_are_served_with_a_strict_policy(control: Any, path: str) -> None:
    async with control.http.get(control.base_url + path) as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        text = await response.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "innerHTML" not in text


async def test_page_needs_nothing_inline_and_says_what_it_is(control: Any) -> None:
    async with control.http.get(control.base_url + "/") as response:
        text = await response.text()
    assert "not Telegram" in text.split("<title>")[1].split("</title>")[0]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)


async def test_links(start_data_centre: Any) -> None:
    telegram = await start_data_centre(links=[Link("Customer page", "http://127.0.0.1:1/")])
    assert await telegram.control.get("/links.json") == [
        {"label": "Customer page", "url": "http://127.0.0.1:1/"}
    ]
