"""The data centre as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from stack.conditions import PATIENCE
from stack.telegram import team
from stack.telegram.__main__ import parse_link

ROOT = Path(__file__).resolve().parents[3]


async def start_process(data: Path, *more: str) -> tuple[asyncio.subprocess.Process, dict[str, int]]:
    """Start it on free ports; return it with what it printed."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "stack.telegram", "--port", "0", "--control-port", "0"],
        *["--data", str(data), *more],
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    return process, json.loads(line)


async def test_killed_it_has_lost_nothing_and_stopped_it_waits_for_nobody(data: Path, http: Any) -> None:
    process, ports = await start_process(data)
    assert sorted(ports) == ["control_port", "port"]
    body = {"chat": team.GROUP_ID, "from": team.ALICE.id, "text": "kept"}
    async with http.post(f"http://127.0.0.1:{ports['control_port']}/send", json=body) as response:
        assert response.status == 200
    process.kill()
    await process.wait()
    process, ports = await start_process(data, "--privacy", "--link", "Demo=http://127.0.0.1:1/?a=b")
    url = f"http://127.0.0.1:{ports['control_port']}"
    async with http.get(url + "/chat") as response:
        assert [message["text"] for message in (await response.json())["messages"]] == ["kept"]
    async with http.get(url + "/links.json") as response:
        assert await response.json() == [{"label": "Demo", "url": "http://127.0.0.1:1/?a=b"}]
    # Neither an open stream nor a client that says nothing holds it up.
    stream = await http.get(url + "/live")
    _, silent = await asyncio.open_connection("127.0.0.1", ports["port"])
    process.send_signal(signal.SIGTERM)
    # aiohttp alone would wait for them for a minute.
    rest, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, rest) == (0, b"")
    stream.close()
    silent.close()


@pytest.mark.parametrize("text", ["no url", "=http://x", "Click=javascript:alert(1)"])
def test_wrong_links_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_link(text)


async def test_garbage_on_the_port_harms_nobody(telegram: Any, bot: Any, group: Any) -> None:
    for garbage in (b"GET / HTTP/1.1\r\n\r\n" * 10, b"\xff" * 64, b"\x0c\0\0\0" * 8):
        reader, writer = await asyncio.open_connection("127.0.0.1", telegram.port)
        writer.write(garbage)
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()
    assert (await bot.send_message(group, "still here")).id == team.FIRST_MESSAGE_ID
