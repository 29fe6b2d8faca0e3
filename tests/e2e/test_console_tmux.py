"""A moderator's work at the console, with real keys in a real terminal, before the whole system."""

from __future__ import annotations

import shlex
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stack.customer import Customer
from stack.operators import make_code
from stack.operators import open_console as open_other_console
from stack.system import System
from stack.telegram_client import ALICE, BOB
from tests.e2e.acts import open_case
from tests.e2e.tmux import Tmux, opened

ROOT = Path(__file__).parents[2]
HEADSET = f"{shlex.quote(sys.executable)} -m console"


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Tmux]:
    """Give a shell of somebody who has never used the console."""
    environment = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "PYTHONPATH": str(ROOT),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONWARNINGS": "error",
        "LANG": "C.UTF-8",
        "PS1": "ready> ",
    }
    async with opened(environment, width=100, height=30) as tmux:
        await tmux.shows("ready>")
        yield tmux


async def open_console(terminal: Tmux, system: System) -> None:
    """Log Alice in and open the console, as the guide says."""
    code = await make_code(system, ALICE)
    await terminal.write(f"{HEADSET} login {system.api.base_url}")
    await terminal.press("Enter")
    await terminal.shows("Code:")
    await terminal.write(code)
    await terminal.press("Enter")
    await terminal.shows("Logged in as Alice (admin)")
    await terminal.write(f"clear; {HEADSET}")
    await terminal.press("Enter")
    await terminal.shows("Tickets", "Direct", "Help")


async def open_ticket(terminal: Tmux, number: int, text: str) -> None:
    """Find a ticket by what its customer wrote, and open it."""
    await terminal.press("/")
    await terminal.shows("Search:")
    await terminal.write(text)
    # As long as others are listed, what was typed has not been looked for.
    await terminal.shows(text, rows=[f"#{number}"])
    await terminal.press("Enter")
    await terminal.shows("enter Open")
    await terminal.press("Enter")
    await terminal.shows(f"#{number} anonymous", "enter to write", text)


async def leave_ticket(terminal: Tmux) -> None:
    """Go back to the list of all tickets."""
    await terminal.press("Escape")
    await terminal.shows("enter Open")
    await terminal.press("Escape")
    await terminal.shows_no("newest first")


async def say(terminal: Tmux, text: str) -> None:
    """Write an answer, or whatever the field is for, and send it."""
    await terminal.press("Enter")
    await terminal.shows("enter Send")
    await terminal.write(text)
    await terminal.shows(text)
    await terminal.press("Enter")
    await terminal.press("Escape")
    await terminal.shows("enter to write", text)


async def note(terminal: Tmux, text: str) -> None:
    """Write a note for the team, and go back to answers."""
    await terminal.press("n")
    await terminal.shows("Note for the team, never to the customer", "enter Send")
    await terminal.write(text)
    await terminal.press("Enter")
    await terminal.shows("Note · Alice", text)
    await terminal.press("Escape")
    await terminal.shows("enter to write")


async def in_group(system: System) -> str:
    return "\n".join(message.text for message in await system.telegram.messages())


async def texts_of(customer: Customer) -> list[str]:
    return [item["text"] for item in (await customer.history())["items"]]


async def test_a_moderators_work_with_real_keys(system: System, terminal: Tmux) -> None:
    async with open_case(system) as case, open_case(system) as rude:
        await open_console(terminal, system)

        # Answers a customer.
        (question,) = await texts_of(case.customer)
        await open_ticket(terminal, case.number, question)
        await say(terminal, answer := f"answer {uuid.uuid4()}")
        message = await case.stream.wait_for_text(answer)
        assert (message["author"]["name"], message["author"]["verified"]) == ("Alice", True)
        shown = await system.telegram.wait_for_text(answer)
        assert shown.text.startswith(f"#{case.number} · Alice (console)")

        # Writes a note, which another moderator finds.
        await note(terminal, noted := f"note {uuid.uuid4()}")
        bob = await open_other_console(system, BOB)
        (found,) = (await bob.call("GET", f"/v1/mod/tickets/{case.number}/notes"))["items"]
        assert (found["text"], found["by"]["name"]) == (noted, "Alice")

        # Times another out.
        await leave_ticket(terminal)
        (other_question,) = await texts_of(rude.customer)
        await open_ticket(terminal, rude.number, other_question)
        await terminal.press("b")
        await terminal.shows("Block anonymous", "in 3d")
        await terminal.press("Down")
        await terminal.shows("in 1h")
        await terminal.press_and_see("Tab")
        await terminal.write(reason := f"rude {uuid.uuid4()}")
        await terminal.shows(reason[:20])
        await terminal.press("Enter")
        await terminal.shows(f"#{rude.number} anonymous", "blocked")
        held = await rude.customer.send(f"held {uuid.uuid4()}")
        await terminal.shows(held["text"])
        # What came later is in the group: had the other one been let through, it would be, too.
        await system.telegram.wait_for_text((await case.customer.send(f"later {uuid.uuid4()}"))["text"])
        assert held["text"] not in await in_group(system)

        # Lifts it.
        await terminal.press("u")
        await terminal.shows("no longer blocked")
        free = await rude.customer.send(f"free again {uuid.uuid4()}")
        await system.telegram.wait_for_text(free["text"])
        assert held["text"] not in await in_group(system)

        # Answers a direct message.
        secret = (await case.customer.send_direct("Alice", f"between us {uuid.uuid4()}"))["text"]
        await leave_ticket(terminal)
        await terminal.press("2")
        await terminal.shows(secret[:20], "enter Open")
        await terminal.press("Enter")
        await terminal.shows("Private, and never in the group", secret, "enter to write")
        await say(terminal, private := f"for you alone {uuid.uuid4()}")
        message = await case.stream.wait_for_text(private)
        assert (message["channel"], message["author"]["name"]) == ("direct", "Alice")

        # Nobody else has seen anything of it, nor of the note.
        await system.telegram.wait_for_text((await rude.customer.send(f"last {uuid.uuid4()}"))["text"])
        group = await in_group(system)
        assert [text for text in (noted, secret, private, held["text"], reason) if text in group] == []
        assert group.count(answer) == 1
        assert (await texts_of(case.customer))[:2] == [question, answer]
        assert (await texts_of(case.customer))[3:] == [secret, private]
        told = [event.data.get("text") for event in (*case.stream.seen, *rude.stream.seen)]
        assert noted not in told

        await terminal.press("C-q")
        await terminal.shows("ready>")
