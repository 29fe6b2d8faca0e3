"""The command line in this process, beside the plugin."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from click.testing import CliRunner

from console.cli import main


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command printed, and how it ended."""

    exit_code: int
    stdout: str
    stderr: str


class Run(Protocol):
    """Runs a command."""

    async def __call__(self, *arguments: str, stdin: str = "") -> Done: ...


async def run_headset(*arguments: str, stdin: str = "") -> Done:
    """Run `headset` in a thread: it has a loop of its own, and the plugin needs this one."""

    def work() -> Done:
        result = CliRunner().invoke(main, list(arguments), input=stdin, prog_name="headset")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(exit_code=result.exit_code, stdout=result.stdout, stderr=result.stderr)

    return await asyncio.to_thread(work)
