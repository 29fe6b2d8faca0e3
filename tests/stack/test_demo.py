"""The demo as a command: everything comes up, goes on from its data, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

from stack.conditions import PATIENCE, until

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 4
STEPS = 11


async def start_demo(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "stack", "demo", *arguments),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def read_until(demo: asyncio.subprocess.Process, text: str) -> str:
    assert demo.stdout is not None
    seen = ""
    while text not in seen:
        line = await asyncio.wait_for(demo.stdout.readline(), PATIENCE)
        assert line, f"ended before {text!r}:\n{seen}"
        seen += line.decode()
    return seen


def processes_of(data: Path) -> dict[int, str]:
    """The ids and command lines of all processes that work in the folder."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"{data}/" in command:
            found[int(path.parent.name)] = command
    return found


async def wait_until_all_gone(data: Path) -> None:
    async def all_gone() -> bool:
        return not processes_of(data)

    await until(all_gone, f"no process is left of {processes_of(data)}")


def room_in(screen: str) -> str:
    found = re.search(r"Support room +(\S+)", screen)
    assert found is not None
    return found[1]


async def test_ends_without_a_trace_and_goes_on_from_its_data(tmp_path: Path) -> None:
    data = tmp_path / "kept data"
    demo = await start_demo("--data", str(data))
    screen = await read_until(demo, "Ctrl-C ends everything")
    assert len(processes_of(data)) == PROCESSES
    demo.send_signal(signal.SIGINT)
    await demo.communicate()
    assert demo.returncode == 0
    assert processes_of(data) == {}

    demo = await start_demo("--data", str(data))
    again = await read_until(demo, "Ctrl-C ends everything")
    assert room_in(again) == room_in(screen)
    assert len(processes_of(data)) == PROCESSES
    demo.kill()
    await demo.communicate()
    await wait_until_all_gone(data)

    check = await start_demo("--check", "--data", str(data))
    output, _ = await check.communicate()
    assert check.returncode == 0, output.decode()
    assert output.decode().count("✓") == STEPS
    assert processes_of(data) == {}


async def test_says_so_when_a_part_ends_by_itself(tmp_path: Path) -> None:
    data = tmp_path / "data"
    demo = await start_demo("--data", str(data))
    await read_until(demo, "Ctrl-C ends everything")
    (synapse,) = [pid for pid, command in processes_of(data).items() if "synapse" in command]
    os.kill(synapse, signal.SIGKILL)
    output, _ = await demo.communicate()
    assert "Synapse has ended" in output.decode()
    assert demo.returncode == 1
    assert processes_of(data) == {}


async def test_a_signal_while_it_starts_leaves_nothing_either(tmp_path: Path) -> None:
    data = tmp_path / "data"
    demo = await start_demo("--data", str(data))
    await read_until(demo, "starting the bridge")
    demo.send_signal(signal.SIGTERM)
    await demo.communicate()
    assert processes_of(data) == {}
