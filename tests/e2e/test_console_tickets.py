"""The console's list of tickets and its conversations on the real system, down to the group in Telegram."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path

from console.screens.conversation import ConversationScreen
from stack.operators import make_code
from stack.system import System
from stack.telegram_client import ALICE
from tests.e2e.acts import Case, open_case
from tests.integration.plugin.mod.team import Console
from tests.tui.seat import Seat, run_console


@asynccontextmanager
async def seated(system: System, folder: Path) -> AsyncIterator[Seat]:
    """Seat Alice at a console of the system."""
    made = await system.api.call("POST", "/v1/mod/token", {"code": await make_code(system, ALICE)})
    who = made["moderator"]
    api = system.api.with_token(made["token"])
    console = Console(id=who["id"], name=who["name"], token=made["token"], token_id=made["token_id"], api=api)
    async with run_console(
        console, system.api.base_url, folder, lambda: datetime.now(timezone.utc), (160, 48)
    ) as seat:
        yield seat


async def enter(seat: Seat, case: Case) -> None:
    """Find a case's ticket by its number and open it."""
    await seat.sees("● live")
    await seat.press("slash", *str(case.number))
    await seat.until(
        lambda: [row.number for row in seat.app.screen.listing.window.rows()] == [case.number], "it is found"
    )
    await seat.press("enter", "enter")
    await seat.until(lambda: isinstance(seat.app.screen, ConversationScreen), "it is open")
    await seat.sees(case.post.text.splitlines()[-1])


async def test_an_answer_from_the_console_reaches_the_customer_and_shows_in_the_group(
    system: System, tmp_path: Path
) -> None:
    text = f"answer {uuid.uuid4()}"
    async with open_case(system) as case, seated(system, tmp_path) as seat:
        await enter(seat, case)
        await seat.press("i")
        await seat.type(text)
        await seat.press("enter")
        await case.stream.wait_for_text(text)
        shown = await system.telegram.wait_for_text(text)
        assert f"#{case.number}" in shown.text
        assert "Alice (console)" in shown.text
        await seat.until(lambda: seat.text.count("✓✓") >= 2, "both have arrived in the group")
        # Whoever replies to it in Telegram answers the customer, and the console shows that.
        reply = f"reply {uuid.uuid4()}"
        await system.telegram.send(ALICE, reply, reply_to=shown.id)
        await case.stream.wait_for_text(reply)
        await seat.sees(reply)


async def test_what_customers_and_the_team_do_shows_live(system: System, tmp_path: Path) -> None:
    async with open_case(system) as case, seated(system, tmp_path) as seat:
        await enter(seat, case)
        await case.ask(question := f"question {uuid.uuid4()}")
        await seat.sees(question)
        reply_id, _ = await case.answer(ALICE, first := f"first {uuid.uuid4()}")
        await seat.sees(first)
        await system.telegram.edit(reply_id, edited := f"edited {uuid.uuid4()}")
        await seat.sees(edited, "edited ")
        note = f"note {uuid.uuid4()}"
        await seat.press("n")
        await seat.type(note)
        await seat.press("enter")
        await seat.sees("Note · Alice", note)
        await seat.press("escape", "x")
        await case.became("closed")
        await seat.sees("✓ closed")
        assert note not in [text for _, text in await case.last_word()]
