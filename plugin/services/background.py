"""One long-running task: kept, its errors seen, woken by a hint or by time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from logging import Logger

from ..domain.errors import HeadsetError

_RETRY_SECONDS = 1.0


class Worker:
    """Runs `turn` again and again: when it is woken, and when the seconds that `turn` returned are over."""

    def __init__(self, name: str, turn: Callable[[], Awaitable[float]], log: Logger) -> None:
        self._name, self._turn, self._log = name, turn, log
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin with a first turn at once; one that runs already is only woken."""
        self._stopping = False
        self._woken.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"headset {self._name}")

    def wake(self) -> None:
        """Ask for a turn soon."""
        self._woken.set()

    async def stop(self) -> None:
        """End the task; a transaction it is in is rolled back."""
        # A flag besides the cancel: before Python 3.12 `wait_for`, used by what a turn calls, can lose one.
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        pause = 0.0
        while not self._stopping:
            await self._wait(pause)
            try:
                pause = await self._turn()
            except HeadsetError as error:
                self._log.warning("%s: %s Trying again.", self._name, error)
                pause = _RETRY_SECONDS
            except Exception:
                # A task that died of one bad turn would stop the traffic for good.
                self._log.exception("%s: this turn failed, another follows", self._name)
                pause = _RETRY_SECONDS

    async def _wait(self, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()
        self._woken.clear()
