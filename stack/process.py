"""One child process: started, ready by a condition, ended, and never left behind."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from .conditions import PATIENCE, NotInTimeError, until

PR_SET_PDEATHSIG = 1
LOG_TAIL = 3000
INHERITED = ("HOME", "LANG", "PATH", "TMPDIR", "TZ")
_libc = ctypes.CDLL(None, use_errno=True)

Probe = Callable[[], Awaitable[bool]]


class ProcessFailedError(Exception):
    """A child process ended before it was ready, or could not be started."""


class Process:
    """A child process with its log file; it dies with its parent, whatever ends the parent."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        user: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
        patience: float = 10.0,
    ) -> None:
        """`patience` is how many seconds the process has between `stop_signal` and SIGKILL."""
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self._cwd = cwd
        self._env = {key: os.environ[key] for key in INHERITED if key in os.environ} | dict(env or {})
        # Switching users comes before preexec_fn, and must: it takes the parent-death signal away again.
        self._identity: dict[str, Any] = (
            {} if user is None else {"user": user, "group": user, "extra_groups": []}
        )
        self._stop_signal = stop_signal
        self._death_signal = death_signal
        self._patience = patience
        self._child: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child and self.is_running else None

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.returncode is None

    async def start(self, ready: Probe, *, within: float = PATIENCE) -> None:
        """Starts the process and returns once `ready` says so; connection errors count as not yet."""
        await self._spawn()
        try:
            await until(lambda: self._is_ready(ready), f"{self.name} is ready", within=within)
        except NotInTimeError as late:
            await self.kill()
            raise ProcessFailedError(f"{late}\n{self.log_tail()}") from late
        except BaseException:
            await self.kill()
            raise

    async def run(self, *, within: float = PATIENCE) -> None:
        """Runs the process to its end, which must be a good one."""
        child = await self._spawn()
        try:
            status = await asyncio.wait_for(child.wait(), within)
        finally:
            await self.kill()
        if status != 0:
            raise ProcessFailedError(f"{self.name} ended with status {status}\n{self.log_tail()}")

    async def wait(self) -> None:
        """Returns once the process has ended."""
        if self._child is not None:
            await self._child.wait()

    async def stop(self) -> int | None:
        """Asks the process to end, then kills it; returns its exit status."""
        if self._child is None:
            return None
        if self.is_running:
            self._child.send_signal(self._stop_signal)
        try:
            await asyncio.wait_for(self._child.wait(), self._patience)
        except asyncio.TimeoutError:
            await self.kill()
        return self._child.returncode

    async def kill(self) -> None:
        """Ends the process at once, as a crash would, and waits until it is gone."""
        if self._child is None:
            return
        if self.is_running:
            self._child.kill()
        await self._child.wait()

    def log_tail(self) -> str:
        """The end of the log, for messages about a failure."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""

    async def _spawn(self) -> asyncio.subprocess.Process:
        if self.is_running:
            raise ProcessFailedError(f"{self.name} is already running")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=self._cwd,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A session of its own: Ctrl-C reaches the parent only, which stops all in the right order.
                start_new_session=True,
                preexec_fn=self._die_with_parent(os.getpid()),
                **self._identity,
            )
        return self._child

    async def _is_ready(self, ready: Probe) -> bool:
        if not self.is_running:
            raise ProcessFailedError(f"{self.name} ended before it was ready\n{self.log_tail()}")
        try:
            return await ready()
        except (OSError, aiohttp.ClientError, asyncio.TimeoutError):
            return False

    def _die_with_parent(self, parent: int) -> Callable[[], None]:
        death_signal = int(self._death_signal)

        def ask_kernel() -> None:
            _libc.prctl(PR_SET_PDEATHSIG, death_signal)
            # The parent may have died between fork and prctl: then nothing would ever tell.
            if os.getppid() != parent:
                os._exit(1)

        return ask_kernel
