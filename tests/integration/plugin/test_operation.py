"""Start, configuration and stop, as the operator meets them."""

from __future__ import annotations

import asyncio
import logging
import uuid
from pathlib import Path
from typing import Any

import pytest

from plugin.domain.errors import ConfigError
from plugin.web import streams
from stack.conditions import PATIENCE
from tests.integration.plugin.desk import NOBODY, Desk, opened


async def get_name(desk: Desk) -> str:
    async with desk.http.get("/v1/config") as answer:
        name: str = (await answer.json())["name"]
        return name


async def test_a_new_instance_waits_for_its_configuration(
    tmp_path: Path, config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    room = config.pop("support_room")
    async with opened(tmp_path, config) as desk:
        assert "support_room" in caplog.text
        async with desk.http.get("/v1/config") as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "unavailable")
            assert answer.headers["Retry-After"]
        config["support_room"] = room
        await desk.reload()
        assert await get_name(desk) == "Example support"


async def test_a_wrong_value_names_its_key_and_changes_nothing(desk: Desk, config: dict[str, Any]) -> None:
    config["widget"] = {**config["widget"], "name": "Another name"}
    config["blocks"] = {"default": "3x"}
    with pytest.raises(ConfigError, match=r"blocks\.default.*3x"):
        await desk.reload()
    assert await get_name(desk) == "Example support"
    # What maubot keeps must be what is in force, or the next start would fail on it.
    assert desk.saved[-1]["blocks"]["default"] == "3d"
    assert desk.saved[-1]["widget"]["name"] == "Example support"


async def test_a_right_value_takes_effect_at_once(desk: Desk, config: dict[str, Any]) -> None:
    config["widget"] = {**config["widget"], "name": "Another name"}
    await desk.reload()
    assert await get_name(desk) == "Another name"


async def test_moderators_removed_from_the_list_are_none_any_more(desk: Desk, config: dict[str, Any]) -> None:
    config["moderators"] = [{"telegram_id": 5550002, "name": "Bob"}]
    await desk.reload()
    rows = await desk.database.fetch("SELECT name FROM moderator WHERE active = 1")
    assert [row["name"] for row in rows] == ["Bob"]


async def test_without_the_homeserver_messages_are_taken_and_wait(desk: Desk) -> None:
    headers = await desk.open_session()
    body = {"client_id": str(uuid.uuid4()), "text": "hello"}
    async with desk.http.post("/v1/messages", json=body, headers=headers) as answer:
        assert answer.status == 201
    assert await desk.database.fetchval("SELECT COUNT(*) FROM outbox WHERE batch_id IS NULL") == 1


async def test_no_text_and_no_token_reach_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        headers = await desk.open_session()
        body = {"client_id": str(uuid.uuid4()), "text": "my private words"}
        async with desk.http.post("/v1/messages", json=body, headers=headers) as answer:
            assert answer.status == 201
    logged = [r.getMessage() for r in caplog.records if not r.name.startswith(("aiosqlite", "test.db"))]
    assert "private words" not in str(logged)
    assert headers["Authorization"].removeprefix("Bearer ") not in str(logged)
    assert NOBODY not in str(logged) or logged


async def test_stop_ends_streams_and_tasks_even_of_clients_that_do_not_read(
    tmp_path: Path, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_CLOSE_SECONDS", 0.2)
    before = asyncio.all_tasks()
    async with opened(tmp_path, config) as desk:
        headers = await desk.open_session()
        reading = await desk.http.get("/v1/events", headers=headers)
        _, deaf = await asyncio.open_connection("127.0.0.1", desk.http.port, limit=1)
        deaf.write(
            b"GET /v1/events HTTP/1.1\r\nHost: x\r\n"
            + f"Authorization: {headers['Authorization']}\r\n\r\n".encode()
        )
        for _ in range(20):
            body = {"client_id": str(uuid.uuid4()), "text": "x" * 4000}
            async with desk.http.post("/v1/messages", json=body, headers=headers) as answer:
                assert answer.status == 201
        await asyncio.wait_for(desk.plugin.internal_stop(), PATIENCE)
        left = {task for task in asyncio.all_tasks() - before if "headset" in task.get_name()}
        assert left == set()
        assert reading.content.at_eof() or await asyncio.wait_for(reading.content.read(), PATIENCE)
        reading.close()
        deaf.close()
