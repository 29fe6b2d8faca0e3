"""`python -m stack demo [--check] [--data DIR]`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from .check import run_check
from .demo import run_demo

STOPPED = 130


def main() -> int:
    parser = argparse.ArgumentParser(prog="./build.sh")
    demo = parser.add_subparsers(required=True).add_parser("demo", help="the whole system on this machine")
    demo.add_argument("--check", action="store_true", help="one round trip without a person, then stop")
    demo.add_argument("--data", type=Path, metavar="DIR", help="keep the data here and go on with it")
    options = parser.parse_args()
    work = run_check(options.data) if options.check else run_demo(options.data)
    status = asyncio.run(_until_stopped(work))
    # Ctrl-C is the way to end a demo, and no failure; it is one for a check that has not come to its end.
    return 0 if status == STOPPED and not options.check else status


async def _until_stopped(work: Coroutine[None, None, int]) -> int:
    task = asyncio.ensure_future(work)
    stopping = False

    def stop() -> None:
        nonlocal stopping
        # Only once: a second Ctrl-C would cancel the cleaning up.
        if not stopping:
            stopping = True
            print("\nstopping …", flush=True)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
