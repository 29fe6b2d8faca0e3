"""The command that opens the console, in a terminal of its own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.api.client import Client
from console.state.profiles import Profiles
from stack.conditions import PATIENCE, until
from stack.customer import Customer
from tests.integration.console.running import Run
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import make_code

ROOT = Path(__file__).parents[3]

NEW_SCREEN = "\x1b[?1049h"
"""What a program begins with that takes the whole terminal."""


class Terminal:
    """A process in a terminal of 80 by 24; `shown` is all that it ever wrote there."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process, self._master = process, master
        self.shown = b""

    def read(self) -> None:
        """Take what has come."""
        try:
            self.shown += os.read(self._master, 65536)
        except OSError:  # it has ended
            asyncio.get_running_loop().remove_reader(self._master)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    async def shows(self, text: str) -> None:
        """Wait until a text was written."""

        async def is_there() -> bool:
            assert self.process.returncode is None, self.shown.decode(errors="replace")
            return text.encode() in self.shown

        await until(is_there, text)


@asynccontextmanager
async def opened_console() -> AsyncIterator[Terminal]:
    """Run `headset` without a command."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console"),
        cwd=ROOT,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    terminal = Terminal(process, master)
    loop = asyncio.get_running_loop()
    loop.add_reader(master, terminal.read)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        loop.remove_reader(master)
        os.close(master)


@pytest.fixture
async def token(run: Run, desk: Desk, url: str, home: Path) -> Callable[[], str | None]:
    """Log Alice in, and give what reads her token."""
    done = await run("login", url, stdin=await make_code(desk, "Alice") + "\n")
    assert done.exit_code == 0, done.stderr
    return lambda: Profiles().choose(None).tokens.load()


async def revoke(carol: Client, url: str, token: str | None) -> None:
    """Let an admin end a login."""
    mine = Client(url, token)
    await carol.revoke_token((await mine.me()).token_id)
    await mine.close()


async def test_it_opens_and_is_left_by_a_key(
    token: Callable[[], str | None], home: Path, customer: object
) -> None:
    async with opened_console() as terminal:
        await terminal.shows("Example support")
        terminal.type("\x11")  # ctrl+q
        assert await asyncio.wait_for(terminal.process.wait(), PATIENCE) == 0
    assert not [path for path in (home / "state").rglob("drafts/*") if path.name != ".lock"]


async def test_without_a_valid_login_it_says_so_instead(
    token: Callable[[], str | None], carol: Client, url: str
) -> None:
    await revoke(carol, url, token())
    async with opened_console() as terminal:
        assert await asyncio.wait_for(terminal.process.wait(), PATIENCE) == 4
        assert f"Log in: headset --profile default login {url}".encode() in terminal.shown.replace(
            b"\r\n", b""
        )


async def test_a_new_login_in_the_console_is_kept(
    token: Callable[[], str | None], desk: Desk, carol: Client, url: str
) -> None:
    old = token()
    async with opened_console() as terminal:
        await terminal.shows("Example support")
        await revoke(carol, url, old)
        await terminal.shows("Log in again")
        terminal.type(await make_code(desk, "Alice") + "\r")

        async def is_new() -> bool:
            return token() not in (None, old)

        await until(is_new, "a new token in its place")
        terminal.type("\x11")
        assert await asyncio.wait_for(terminal.process.wait(), PATIENCE) == 0
    mine = Client(url, token())
    assert (await mine.me()).moderator.name == "Alice"
    await mine.close()


async def test_another_moderator_who_logs_in_finds_nothing_of_the_first_one(
    token: Callable[[], str | None], desk: Desk, carol: Client, url: str, customer: Customer
) -> None:
    mine = Client(url, old := token())
    alice = (await mine.me()).moderator.id
    await mine.close()
    await customer.send("Hello")
    profile = Profiles().choose(None)

    async def is_kept() -> bool:
        return any(path.read_text() == "half an answer" for path in profile.folder.rglob("t1001"))

    async with opened_console() as terminal:
        await terminal.shows("#1001")
        terminal.type("\r")
        await terminal.shows("enter to write")
        terminal.type("ihalf an answer")
        await until(is_kept, "the draft is kept")
        await revoke(carol, url, old)
        await terminal.shows("Log in again")
        terminal.shown = b""
        terminal.type(await make_code(desk, "Bob") + "\r")
        await terminal.shows(NEW_SCREEN)
        terminal.shown = terminal.shown.rpartition(NEW_SCREEN.encode())[2]
        await terminal.shows("Bob")
        await terminal.shows("#1001")
        terminal.type("\r")
        await terminal.shows("enter to write")
        assert b"half" not in terminal.shown
        terminal.type("\x11")
        assert await asyncio.wait_for(terminal.process.wait(), PATIENCE) == 0
    client = Client(url, profile.tokens.load())
    assert (await client.me()).moderator.name == "Bob"
    await client.close()
    store = profile.open_store(alice)
    assert store.drafts.get("t1001") == "half an answer"
    store.close()
