"""A terminal as a person has it: a shell in tmux, keys pressed, and what stands on the screen."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from stack.conditions import NotInTimeError, until

_TICKET = re.compile(r"#\d{4,}")


class Tmux:
    """One window of a tmux server that nobody else uses."""

    def __init__(self, folder: str) -> None:
        self._command = ("tmux", "-S", f"{folder}/socket", "-f", os.devnull)

    async def run(self, *arguments: str) -> str:
        """Let tmux do something; return what it says."""
        process = await asyncio.create_subprocess_exec(
            *self._command, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, wrong = await process.communicate()
        assert process.returncode == 0, f"tmux {arguments}: {wrong.decode()}"
        return said.decode()

    async def press(self, *keys: str) -> None:
        """Press keys, each by tmux's name of it."""
        await self.run("send-keys", *keys)

    async def press_and_see(self, key: str) -> None:
        """Press a key that only moves the focus, and wait until it shows in the colours."""
        before = await self.run("capture-pane", "-p", "-e")
        await self.press(key)

        async def has_moved() -> bool:
            return await self.run("capture-pane", "-p", "-e") != before

        await until(has_moved, f"something to look different after {key}")

    async def write(self, text: str) -> None:
        """Type a text as it stands."""
        await self.run("send-keys", "-l", text)

    async def screen(self) -> str:
        """Return what can be seen."""
        return await self.run("capture-pane", "-p")

    async def shows(self, *texts: str, rows: Sequence[str] | None = None) -> str:
        """Return the screen once all of these stand on it, and where `rows` are given, no other tickets."""

        def is_so(seen: str) -> bool:
            listed = _TICKET.findall(seen)
            return all(text in seen for text in texts) and (rows is None or listed == list(rows))

        return await self._wait(is_so, " and ".join(map(repr, texts)))

    async def shows_no(self, text: str) -> str:
        """Return the screen once this is gone."""
        return await self._wait(lambda seen: text not in seen, f"no {text!r}")

    async def _wait(self, is_so: Callable[[str], bool], what: str) -> str:
        seen = ""

        async def look() -> bool:
            nonlocal seen
            seen = await self.screen()
            return is_so(seen)

        try:
            await until(look, f"{what} on the screen")
        except NotInTimeError as late:
            raise AssertionError(f"{late}\n{seen}") from late
        return seen


@asynccontextmanager
async def opened(environment: Mapping[str, str], *, width: int, height: int) -> AsyncIterator[Tmux]:
    """Open a shell in a window of this size; it ends, with all that runs in it."""
    # Not below the test's own folder: the name of a socket may not be long.
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:
        tmux = Tmux(folder)
        # Nothing of the tests' own surroundings: they name another size of the terminal, for one.
        known = {"PATH": os.environ["PATH"], **environment}
        shell = shlex.join(["env", "-i", *(f"{name}={value}" for name, value in known.items()), "sh"])
        shell = shell.replace("env -i", 'env -i "TERM=$TERM"', 1)
        await tmux.run("new-session", "-d", "-x", str(width), "-y", str(height), shell)
        try:
            yield tmux
        finally:
            await tmux.run("kill-server")
