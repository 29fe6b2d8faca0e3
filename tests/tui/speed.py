"""How fast the console is; `./build.sh bench --only console` prints it beside its aims."""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from console.api.client import Client
from console.app import HeadsetConsole
from console.screens.tickets import TicketsScreen
from console.state.config import ConfigFile
from console.state.storage import Store

FIRST_SCREEN = 0.5
"""Seconds."""

KEY_P99 = 0.05
"""Seconds."""

RATE = 50
"""Events a second."""

MEMORY = 32
"""Megabytes that an hour of events may add."""

_PATIENCE = 600.0


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What was measured; times in seconds, memory in megabytes."""

    first_screen: float
    keys: list[float]
    memory_before: float
    memory_after: float
    events: int
    events_seconds: float
    rows_kept: int

    def key(self, percent: int) -> float:
        """Return a percentile of the time from a key to what it changed on the screen."""
        return statistics.quantiles(self.keys, n=100, method="inclusive")[percent - 1]

    @property
    def failures(self) -> list[str]:
        """Return what is slower or larger than it must be."""
        return [
            text
            for text, is_bad in (
                (f"the first screen takes more than {FIRST_SCREEN} s", self.first_screen > FIRST_SCREEN),
                (f"a key's p99 is more than {KEY_P99 * 1000:.0f} ms", self.key(99) > KEY_P99),
                (f"memory grew by more than {MEMORY} MB", self.memory_after - self.memory_before > MEMORY),
            )
            if is_bad
        ]


class Terminal(HeadlessDriver):
    """A terminal that everything is written to, and that only notes when."""

    @property
    def is_headless(self) -> bool:
        """Have the screen rendered and written as for a real one."""
        return False

    def write(self, data: str) -> None:
        """Note what is written, and when."""
        TERMINAL.append((time.perf_counter(), data))
        del TERMINAL[:-200]

    def flush(self) -> None:
        """Do nothing: there is nothing to wait for."""


TERMINAL: list[tuple[float, str]] = []
"""What was written last."""


class BigDesk:
    """The plugin in a process of its own, so that its work is not counted as the console's."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, token: str) -> None:
        self._process, self.url, self.token = process, url, token

    async def order(self, line: str) -> None:
        """Have tickets changed: see tests.tui.big_desk."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()
        await _read(self._process)


async def _read(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), _PATIENCE)
    if not line:
        raise RuntimeError("the desk ended before it answered")
    return json.loads(line)


@asynccontextmanager
async def big_desk(folder: Path, tickets: int) -> AsyncIterator[BigDesk]:
    """Run a desk with so many tickets."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.tui.big_desk",
        str(folder),
        str(tickets),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # there is no homeserver, which it says again and again
    )
    try:
        told = await _read(process)
        yield BigDesk(process, told["url"], told["token"])
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _until(probe: Any, what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not probe():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited too long until {what}")
        await asyncio.sleep(0.002)


def _memory() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def _press(app: HeadsetConsole, key: str) -> float:
    """Press a key and return the seconds until the moved cursor is written to the terminal."""
    screen = app.screen
    assert isinstance(screen, TicketsScreen)
    before = screen.listing.cursor
    TERMINAL.clear()
    began = time.perf_counter()
    assert app._driver is not None
    app._driver.process_message(events.Key(key, None))
    await _until(lambda: screen.listing.cursor != before, "the cursor moved")
    await _until(lambda: any("▌" in data for _, data in TERMINAL), "the cursor was painted")
    return next(at for at, data in TERMINAL if "▌" in data) - began


async def measure(folder: Path, *, tickets: int, keys: int, events_told: int) -> Speed:
    """Measure a console over a desk of its own."""
    async with big_desk(folder, tickets) as desk:
        client = Client(desk.url, desk.token)
        storage = Store(folder / "kept", ConfigFile(folder / "config.yaml"))
        me = await client.me()
        began = time.perf_counter()
        app = HeadsetConsole(
            client, me, storage, now=lambda: datetime.now(timezone.utc), keep_token=lambda _: None
        )
        app.driver_class = Terminal
        running = asyncio.create_task(app.run_async(size=(160, 48), mouse=False))
        try:
            newest = f"#{1000 + tickets}"
            await _until(lambda: any(newest in data for _, data in TERMINAL), "the first screen is there")
            first_screen = next(at for at, data in TERMINAL if newest in data) - began
            await _until(lambda: app.desk.connection.state == "live", "the stream is open")
            heard = app.desk.last_event_id
            await desk.order(f"rate {RATE}")
            await _until(lambda: app.desk.last_event_id >= heard + RATE, "events come at their pace")
            times = [await _press(app, "down" if n % 80 < 60 else "up") for n in range(keys)]
            await desk.order("rate 1")
            before, seen = _memory(), app.desk.last_event_id
            told = time.perf_counter()
            await desk.order(f"burst {events_told}")
            await _until(lambda: app.desk.last_event_id >= seen + events_told, "all events were heard")
            screen = app.screen
            assert isinstance(screen, TicketsScreen)
            return Speed(
                first_screen=first_screen,
                keys=times,
                memory_before=before,
                memory_after=_memory(),
                events=events_told,
                events_seconds=time.perf_counter() - told,
                rows_kept=screen.listing.window.resident,
            )
        finally:
            app.exit()
            await running
            await client.close()
            storage.close()
