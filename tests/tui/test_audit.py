"""The audit log: in plain words, narrowed down as one types."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from console.screens.audit import AuditScreen
from tests.tui.conftest import Sit
from tests.tui.seat import SIZES, THEMES, sign_in_at
from tests.tui.seeds import Seeds, id_of


async def test_what_was_done_stands_there_in_plain_words(sit: Sit, seeds: Seeds) -> None:
    customer = id_of(await seeds.customer("Ann"))
    async with sit("Carol", (100, 24)) as seat:
        await seat.press("7")
        await seat.sees("logged in to the console", "made a login code for")
        block = await seat.console.post("/v1/mod/blocks", {"customer": customer, "duration": "2h"})
        seeds.later(seconds=1)
        await seat.sees("blocked #1001 until 1 Mar 2026 14:00")
        await seat.console.api.call("DELETE", f"/v1/mod/blocks/{block['id']}")
        await seat.sees("lifted the block of #1001")
        await seat.press("home")
        await seat.sees("Carol lifted the block of #1001", "block.lifted")
        await seat.press("enter")
        await seat.sees("#1001 Ann", "Hello")


async def test_enter_on_what_is_about_no_ticket_says_so(sit: Sit) -> None:
    async with sit() as seat:
        await seat.go("audit")
        await seat.sees("logged in to the console")
        await seat.press("enter")
        await seat.hears("There is no ticket to open.")


async def test_the_filter_narrows_the_list_down_as_one_types(sit: Sit, desk, seeds: Seeds) -> None:
    alice = await sign_in_at(desk, "Alice", seeds.clock)
    await alice.api.call("PUT", "/v1/mod/canned/fees", {"text": "x"})
    await alice.api.call("PUT", "/v1/mod/canned/hello", {"text": "x"})
    async with sit() as seat:
        await seat.go("audit")
        await seat.sees("wrote the canned reply “fees”", "“hello”")
        await seat.press("slash")
        await seat.type("alice FEES")
        await seat.sees_no("hello")
        await seat.sees("“fees”")
        await seat.press("enter")
        await seat.sees("m Load more")
        await seat.press("slash", "end")
        await seat.type("nothing")
        await seat.sees("Nothing like it in the")
        await seat.press("enter", "escape")
        await seat.sees("“hello”", "“fees”")


async def test_what_is_typed_at_once_after_the_key_is_no_command(sit: Sit) -> None:
    async with sit() as seat:
        await seat.go("audit")
        await seat.sees("logged in")
        for key in ("slash", "1", "q"):
            seat.app.post_message(events.Key(key, {"slash": "/"}.get(key, key)))
        await seat.until(lambda: isinstance(seat.app.focused, Input), "the filter has the focus")
        assert seat.app.current_mode == "audit"
        assert seat.app.is_running


async def test_more_is_loaded_to_be_filtered(sit: Sit, desk, seeds: Seeds) -> None:
    alice = await sign_in_at(desk, "Alice", seeds.clock)
    await alice.api.call("PUT", "/v1/mod/canned/oldest", {"text": "x"})
    for _ in range(150):
        seeds.later(seconds=1)
        await alice.api.call("PUT", "/v1/mod/canned/again", {"text": "x"})
    async with sit() as seat:
        await seat.go("audit")
        await seat.sees("again")
        await seat.press("slash")
        await seat.type("oldest")
        await seat.sees("Nothing like it in the 100 newest entries. m loads older ones.")
        await seat.press("enter", "m")
        await seat.sees("wrote the canned reply “oldest”")
        await seat.press("m")
        await seat.hears("Everything is loaded.")
        assert isinstance(seat.app.screen, AuditScreen)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_audit_picture(sit: Sit, seeds: Seeds, desk, picture, size, theme) -> None:
    customer = id_of(await seeds.customer("Ann"))
    alice = await sign_in_at(desk, "Alice", seeds.clock)
    seeds.later(minutes=1)
    body = {"customer": customer, "duration": "2h", "kind": "timeout"}
    block = await alice.post("/v1/mod/blocks", body)
    seeds.later(minutes=3)
    await alice.api.call("PATCH", f"/v1/mod/blocks/{block['id']}", {"reason": "spam"})
    seeds.later(minutes=1)
    await alice.api.call("PUT", "/v1/mod/canned/fees", {"text": "x"})
    seeds.later(minutes=3)
    async with sit(size=size) as seat:
        await seat.go("audit")
        await seat.sees("timed out #1001", "changed the block", "“fees”")
        await seat.until(lambda: len(seat.app.screen.listing.window) == 7, "all is there")
        await seat.press("down", "down")
        assert await seat.picture(theme) == picture
