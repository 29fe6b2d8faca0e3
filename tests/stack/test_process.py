"""Child processes: ready by a condition, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from stack.conditions import PATIENCE, until
from stack.process import Process, ProcessFailedError

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
STUBBORN = (
    "import signal, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " pathlib.Path('ready').touch(); signal.pause()"
)
WILLING = "import signal, pathlib; pathlib.Path('ready').touch(); signal.pause()"
PARENT = """
import asyncio, pathlib, sys
from stack.process import Process
async def main():
    folder = pathlib.Path.cwd()
    child = Process("child", [sys.executable, "-c", sys.argv[1]], log=folder / "child.log", cwd=folder)
    async def ready():
        return (folder / "ready").exists()
    await child.start(ready)
    print(child.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def child(folder: Path, code: str, *, patience: float = 10.0) -> Process:
    log = folder / "child.log"
    return Process("child", [PYTHON, "-c", code], log=log, cwd=folder, patience=patience)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


async def test_is_up_once_the_condition_holds_and_gone_after_stop(tmp_path: Path) -> None:
    process = child(tmp_path, WILLING)

    async def ready() -> bool:
        return (tmp_path / "ready").exists()

    await process.start(ready)
    assert process.is_running
    pid = process.pid
    assert pid is not None
    assert await process.stop() == -signal.SIGTERM
    assert not is_alive(pid)
    assert process.pid is None


async def test_can_start_again_after_a_kill(tmp_path: Path) -> None:
    process = child(tmp_path, WILLING)

    async def ready() -> bool:
        return (tmp_path / "ready").exists()

    await process.start(ready)
    await process.kill()
    (tmp_path / "ready").unlink()
    await process.start(ready)
    assert process.is_running
    await process.kill()


async def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = child(tmp_path, STUBBORN, patience=0.2)

    async def ready() -> bool:
        return (tmp_path / "ready").exists()

    await process.start(ready)
    assert await process.stop() == -signal.SIGKILL


async def test_says_why_a_process_ended_before_it_was_ready(tmp_path: Path) -> None:
    process = child(tmp_path, "raise SystemExit('no such database')")

    async def never() -> bool:
        return False

    with pytest.raises(ProcessFailedError, match="no such database"):
        await process.start(never)


async def test_a_process_that_does_not_get_ready_is_not_left_behind(tmp_path: Path) -> None:
    process = child(tmp_path, WILLING)

    async def never() -> bool:
        return False

    with pytest.raises(ProcessFailedError, match="not within"):
        await process.start(never, within=0.2)
    assert not process.is_running


async def test_run_reports_a_bad_end(tmp_path: Path) -> None:
    await child(tmp_path, "pass").run()
    with pytest.raises(ProcessFailedError, match="ended with status 3"):
        await child(tmp_path, "raise SystemExit(3)").run()


@pytest.mark.parametrize("code", [WILLING, STUBBORN])
async def test_a_child_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path, code: str) -> None:
    parent = await asyncio.create_subprocess_exec(
        PYTHON,
        "-c",
        PARENT,
        code,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await asyncio.wait_for(parent.stdout.readline(), PATIENCE))
    assert is_alive(pid)
    parent.kill()
    await parent.communicate()

    async def gone() -> bool:
        return not is_alive(pid)

    await until(gone, "the child is gone")
