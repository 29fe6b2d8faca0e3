"""Sessions, history and streams: each customer's own, whole and in order."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import Any

import pytest
from aiohttp import ClientResponse

from plugin.web import streams
from stack.conditions import PATIENCE
from tests.integration.plugin.desk import ORIGIN, Desk

MESSAGES = "/v1/messages"


async def post(desk: Desk, headers: dict[str, str], text: str) -> dict[str, Any]:
    body = {"client_id": str(uuid.uuid4()), "text": text}
    async with desk.http.post(MESSAGES, json=body, headers=headers) as answer:
        assert answer.status == 201
        taken: dict[str, Any] = await answer.json()
        return taken


async def get(desk: Desk, path: str, headers: dict[str, str]) -> dict[str, Any]:
    async with desk.http.get(path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def read_block(stream: ClientResponse) -> str:
    """Return the next block of a stream, without its blank line; empty once the stream has ended."""
    lines = []
    while line := await asyncio.wait_for(stream.content.readline(), PATIENCE):
        if line == b"\n":
            break
        lines.append(line.decode())
    return "".join(lines).rstrip("\n")


async def test_the_config_is_public_and_says_what_a_page_needs(desk: Desk) -> None:
    async with desk.http.get("/v1/config", headers={"Origin": ORIGIN}) as answer:
        config = await answer.json()
        assert answer.headers["Cache-Control"].startswith("public")
    assert config["name"] == "Example support"
    assert config["moderators"] == 1
    assert config["limits"]["text"] == 4000
    assert "Alice" not in json.dumps(config)


async def test_a_session_has_no_ticket_before_the_first_message(desk: Desk) -> None:
    headers = await desk.open_session()
    assert (await get(desk, "/v1/session", headers))["ticket"] is None
    message = await post(desk, headers, "hello")
    assert (await get(desk, "/v1/session", headers))["ticket"] == {
        "number": message["ticket"],
        "status": "open",
        "score": None,
    }
    again = await post(desk, headers, "still me")
    assert again["ticket"] == message["ticket"]


async def test_only_the_hash_of_a_token_is_stored(desk: Desk) -> None:
    token = (await desk.open_session())["Authorization"].removeprefix("Bearer ")
    assert len(token) >= 43  # 256 bits
    rows = await desk.database.fetch("SELECT * FROM session")
    assert rows
    assert token not in str([tuple(row) for row in rows])


async def test_history_pages_forward_and_back(desk: Desk) -> None:
    headers = await desk.open_session()
    for n in range(1, 8):
        await post(desk, headers, f"m{n}")

    def texts(page: dict[str, Any]) -> list[str]:
        return [item["text"] for item in page["items"]]

    newest = await get(desk, f"{MESSAGES}?limit=3", headers)
    assert (texts(newest), newest["next"], newest["last_event_id"]) == (["m5", "m6", "m7"], "5", 7)
    older = await get(desk, f"{MESSAGES}?limit=3&before={newest['next']}", headers)
    assert (texts(older), older["next"]) == (["m2", "m3", "m4"], "2")
    oldest = await get(desk, f"{MESSAGES}?limit=3&before=2", headers)
    assert (texts(oldest), oldest["next"]) == (["m1"], None)
    forward = await get(desk, f"{MESSAGES}?limit=5&after=0", headers)
    assert (texts(forward), forward["next"]) == (["m1", "m2", "m3", "m4", "m5"], "5")
    rest = await get(desk, f"{MESSAGES}?limit=5&after=5", headers)
    assert (texts(rest), rest["next"]) == (["m6", "m7"], None)


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=-1", "before=1.5", "limit=0", "limit=201", "after=1&before=2", "after=9" + "9" * 30],
)
async def test_a_wrong_query_is_refused_by_name(desk: Desk, query: str) -> None:
    async with desk.http.get(f"{MESSAGES}?{query}", headers=await desk.open_session()) as answer:
        assert answer.status == 422
        assert (await answer.json())["field"] in query


async def test_another_customers_session_sees_nothing_of_this_one(desk: Desk) -> None:
    mine, other = await desk.open_session(), await desk.open_session()
    async with desk.http.get("/v1/events", headers={**other, "Last-Event-ID": "0"}) as stream:
        await read_block(stream)
        message = await post(desk, mine, "for the team only")
        await post(desk, other, "mine")
        assert "for the team only" not in await read_block(stream)
    assert "for the team only" not in json.dumps(await get(desk, MESSAGES, other))
    session = await get(desk, "/v1/session", other)
    assert session["customer"]["id"] != message["author"]["id"]


async def test_a_stream_gives_number_type_and_message(desk: Desk) -> None:
    headers = await desk.open_session()
    async with desk.http.get("/v1/events", headers=headers) as stream:
        assert stream.content_type == "text/event-stream"
        assert (await read_block(stream)).startswith(":")
        message = await post(desk, headers, "one\ntwo\u2028three")
        number, kind, data = (await read_block(stream)).split("\n")
    assert (number, kind) == ("id: 1", "event: message.created")
    assert json.loads(data.removeprefix("data: ")) == message


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_what_all_streams_are_told_is_framed_as_each_needs_it(desk: Desk, version: str) -> None:
    headers = await desk.open_session()
    server = desk.http.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "desk", **headers}.items())
    writer.write(f"GET /v1/events HTTP/{version}\r\n{fields}\r\n".encode())
    await reader.readuntil(b": connected\n\n")
    for text in ("one", "two"):
        await post(desk, headers, text)
        told = (await asyncio.wait_for(reader.readuntil(b"\n\n"), PATIENCE)).lstrip(b"\r\n")
        assert f'"{text}"'.encode() in told
        assert bool(re.match(rb"[0-9a-f]+\r\nid: ", told)) == (version == "1.1")
    writer.close()


async def test_a_stream_opened_with_the_historys_number_misses_nothing(desk: Desk) -> None:
    headers = await desk.open_session()
    await post(desk, headers, "before")
    page = await get(desk, MESSAGES, headers)
    await post(desk, headers, "between")
    resumed = {**headers, "Last-Event-ID": str(page["last_event_id"])}
    async with desk.http.get("/v1/events", headers=resumed) as stream:
        await read_block(stream)
        assert "between" in await read_block(stream)


async def test_a_number_of_the_future_does_not_make_a_stream_deaf(desk: Desk) -> None:
    headers = await desk.open_session()
    async with desk.http.get("/v1/events", headers={**headers, "Last-Event-ID": "999"}) as stream:
        await read_block(stream)
        await post(desk, headers, "heard")
        assert "heard" in await read_block(stream)


async def test_an_idle_stream_is_pinged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PING_SECONDS", 0.01)
    async with desk.http.get("/v1/events", headers=await desk.open_session()) as stream:
        await read_block(stream)
        assert await read_block(stream) == ": ping"


async def test_a_fourth_stream_of_a_session_ends_the_oldest(desk: Desk) -> None:
    headers, opened = await desk.open_session(), []
    for _ in range(streams.MOST_STREAMS + 1):
        opened.append(await desk.http.get("/v1/events", headers=headers))
        await read_block(opened[-1])
    assert await read_block(opened[0]) == ""
    await post(desk, headers, "to three")
    for stream in opened[1:]:
        assert "to three" in await read_block(stream)
    for stream in opened:
        stream.close()


async def test_the_end_of_a_session_ends_its_streams(desk: Desk) -> None:
    headers = await desk.open_session()
    async with desk.http.get("/v1/events", headers=headers) as stream:
        await read_block(stream)
        async with desk.http.delete("/v1/session", headers=headers) as answer:
            assert answer.status == 204
        assert (await read_block(stream)).startswith("event: session.ended")
        assert await read_block(stream) == ""
