"""Runs a Python module whose clock can be moved and whose tasks can be counted, both from outside.

    python watched.py FOLDER MODULE [ARGUMENT…]

It knows nothing of the rest of `stack`, as it runs in the process that is watched. What the kernel and other
programs call the time does not move, nor does the monotonic clock.
"""

from __future__ import annotations

import asyncio
import ctypes
import datetime as dt
import gc
import json
import mmap
import runpy
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

CLOCK_FILE, TASKS_FILE, CANCEL_FILE = "clock", "tasks.json", "cancel-handlers"
OFFSET = struct.Struct("d")
"""Seconds by which the clock is ahead, all that stands in the clock's file."""


def _move_clock(path: Path) -> None:
    with path.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), OFFSET.size)
    real, real_time, real_ns, second = dt.datetime.now, time.time, time.time_ns, 10**9

    def get_offset() -> float:
        offset: float = OFFSET.unpack_from(shared)[0]
        return offset

    def now(kind: Any, tz: dt.tzinfo | None = None) -> dt.datetime:
        return real(tz) + dt.timedelta(seconds=get_offset())

    def utcnow(kind: Any) -> dt.datetime:
        return now(kind, dt.timezone.utc).replace(tzinfo=None)

    # A class in place of `datetime` would be another type than the one that C code and codecs know.
    (methods,) = gc.get_referents(vars(dt.datetime))
    methods |= {"now": classmethod(now), "utcnow": classmethod(utcnow), "today": classmethod(now)}
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(dt.datetime))
    time.time = lambda: real_time() + get_offset()
    time.time_ns = lambda: real_ns() + int(get_offset() * second)


def _tell_tasks(path: Path) -> None:
    def tell(*_signal: object) -> None:
        names = sorted(task.get_name() for task in asyncio.all_tasks(asyncio.get_running_loop()))
        half = path.with_suffix(".half")
        half.write_text(json.dumps(names))
        half.replace(path)

    signal.signal(signal.SIGUSR1, tell)


def _cancel_handlers() -> None:
    """Let aiohttp cancel the handler of a request whose client is gone, as it does where it is told to."""
    from aiohttp.web_server import Server

    init = Server.__init__

    def cancelling(server: Any, *arguments: Any, **options: Any) -> None:
        init(server, *arguments, **{**options, "handler_cancellation": True})

    setattr(Server, "__init__", cancelling)  # noqa: B010 - its type is another


def _run(folder: Path, module: str, *arguments: str) -> None:
    # Python has put the folder of this file there, whose names would hide those of others.
    sys.path[0] = str(Path.cwd())
    _move_clock(folder / CLOCK_FILE)
    _tell_tasks(folder / TASKS_FILE)
    if (folder / CANCEL_FILE).exists():
        _cancel_handlers()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run(Path(sys.argv[1]), *sys.argv[2:])
