"""The outer side of `watched`: moves a process's clock, and counts its tasks and open files."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .conditions import until
from .watched import CANCEL_FILE, CLOCK_FILE, OFFSET, TASKS_FILE
from .watched import __file__ as program


class Watch:
    """What is known of one watched program, whichever process it is."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.move_clock(0.0)

    def command(self, module: str, *arguments: str | Path) -> Sequence[str | Path]:
        """The command that runs a module so that it can be watched."""
        return [sys.executable, program, self._folder, module, *arguments]

    def cancel_handlers(self) -> None:
        """From its next start on, a request's handler is cancelled when its client goes away."""
        (self._folder / CANCEL_FILE).touch()

    def move_clock(self, seconds: float) -> None:
        """Sets how far the program's clock is ahead of the real one, negative: behind; it holds at once."""
        # In place and not as a new file: the program has it mapped.
        descriptor = os.open(self._folder / CLOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, OFFSET.pack(seconds), 0)
        finally:
            os.close(descriptor)

    async def list_tasks(self, pid: int) -> list[str]:
        """The names of the process's tasks."""
        path = self._folder / TASKS_FILE
        path.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR1)

        async def told() -> bool:
            return path.exists()

        await until(told, "the process tells its tasks", within=60)
        names: list[str] = json.loads(path.read_text())
        return names


def list_open_files(pid: int) -> list[str]:
    """What the process has open: paths, and sockets without their numbers."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue
        found.append(target.partition(":[")[0])
    return sorted(found)
