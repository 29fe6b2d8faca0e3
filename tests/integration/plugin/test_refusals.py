"""Every refusal is a problem document with its code, and readable for the page that caused it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from plugin.domain.errors import WIRE_CODES
from plugin.domain.text import MAX_TEXT
from plugin.web.schemas import MAX_BODY
from stack.conditions import PATIENCE
from tests.integration.plugin.desk import ORIGIN, OWN_ORIGIN, Desk

MESSAGES = "/v1/messages"
FROM_PAGE = {"Origin": ORIGIN}
PHRASE = "abandon ability able about above absent absorb abstract absurd abuse access accident"


def message(**fields: Any) -> dict[str, Any]:
    return {"client_id": str(uuid.uuid4()), "text": "hello", **fields}


async def assert_refused(answer: ClientResponse, code: str, origin: str | None = ORIGIN) -> dict[str, Any]:
    """Check the form of a refusal and return the document."""
    document: dict[str, Any] = json.loads(await answer.text())
    assert answer.content_type == "application/problem+json"
    assert (document["code"], document["status"]) == (code, answer.status)
    assert answer.status == WIRE_CODES[code].status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    assert answer.headers.get("Access-Control-Allow-Origin") == origin
    assert answer.headers["Vary"] == "Origin"
    return document


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "bad_json", None),
        (b"\xff\xfe", "bad_json", None),
        (b"[]", "bad_json", None),
        (b"[" * 20_000, "bad_json", None),
        (b"{}", "invalid", "client_id"),
        (message(client_id="abc"), "invalid", "client_id"),
        (message(client_id=7), "invalid", "client_id"),
        (message(text=None), "invalid", "text"),
        (message(text=["hello"]), "invalid", "text"),
        (message(channel="private"), "invalid", "channel"),
        (message(channel="direct"), "invalid", "moderator"),
        (message(channel="direct", moderator="nobody"), "invalid", "moderator"),
        (message(moderator="nobody"), "invalid", "moderator"),
        (message(text=""), "text_empty", None),
        (message(text=" \u200b\u202e\n"), "text_empty", None),
        (message(text="x" * (MAX_TEXT + 1)), "text_too_long", None),
        (message(text=PHRASE), "secret_refused", None),
        (message(text=PHRASE, confirmed=True), "secret_refused", None),
        (message(text=" ".join(PHRASE.split()[:9])), "secret_suspected", None),
        (message(confirmed="yes"), "invalid", "confirmed"),
    ],
)
async def test_a_wrong_message_is_refused_by_name(
    desk: Desk, body: Any, code: str, field: str | None
) -> None:
    headers = {**await desk.open_session(), **FROM_PAGE, "Content-Type": "application/json"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with desk.http.post(MESSAGES, data=data, headers=headers) as answer:
        document = await assert_refused(answer, code)
    assert document.get("field") == field
    async with desk.http.get(MESSAGES, headers=headers) as answer:
        assert (await answer.json())["items"] == []


async def test_the_longest_text_is_taken(desk: Desk) -> None:
    headers = await desk.open_session()
    async with desk.http.post(MESSAGES, json=message(text="é" * MAX_TEXT), headers=headers) as answer:
        assert answer.status == 201
        assert len((await answer.json())["text"]) == MAX_TEXT


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer nonsense"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/session"),
        ("DELETE", "/v1/session"),
        ("POST", MESSAGES),
        ("GET", MESSAGES),
        ("GET", "/v1/events"),
    ],
)
async def test_without_a_valid_token_nothing_is_told(
    desk: Desk, method: str, path: str, headers: dict[str, str]
) -> None:
    async with desk.http.request(method, path, headers={**headers, **FROM_PAGE}) as answer:
        await assert_refused(answer, "unauthorized")


async def test_an_ended_session_is_unauthorized(desk: Desk) -> None:
    headers = {**await desk.open_session(), **FROM_PAGE}
    async with desk.http.delete("/v1/session", headers=headers) as answer:
        assert answer.status == 204
    async with desk.http.get("/v1/session", headers=headers) as answer:
        await assert_refused(answer, "unauthorized")


async def test_an_identity_is_refused_while_signing_in_is_off(desk: Desk) -> None:
    body = {"identity": {"token": "x.y.z"}}
    async with desk.http.post("/v1/sessions", json=body, headers=FROM_PAGE) as answer:
        await assert_refused(answer, "forbidden")


async def test_a_client_id_given_to_another_text_is_a_conflict(desk: Desk) -> None:
    headers = {**await desk.open_session(), **FROM_PAGE}
    first = message(text="one")
    async with desk.http.post(MESSAGES, json=first, headers=headers) as answer:
        assert answer.status == 201
    async with desk.http.post(MESSAGES, json={**first, "text": "two"}, headers=headers) as answer:
        await assert_refused(answer, "conflict")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.org.evil.example"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_another_site_is_refused_without_leave_to_read(desk: Desk, origin: str, method: str) -> None:
    async with desk.http.request(method, "/v1/config", headers={"Origin": origin}) as answer:
        await assert_refused(answer, "origin_not_allowed", origin=None)


async def test_unknown_paths_and_methods_are_problems_too(desk: Desk) -> None:
    async with desk.http.get("/v1/nothing", headers=FROM_PAGE) as answer:
        await assert_refused(answer, "not_found")
    async with desk.http.put(MESSAGES, headers=FROM_PAGE) as answer:
        await assert_refused(answer, "method_not_allowed")
        assert answer.headers["Allow"] == "GET,HEAD,POST"


async def test_a_body_of_another_type_is_refused(desk: Desk) -> None:
    headers = {**await desk.open_session(), **FROM_PAGE, "Content-Type": "text/plain"}
    async with desk.http.post(MESSAGES, data=json.dumps(message()), headers=headers) as answer:
        await assert_refused(answer, "unsupported_media_type")


async def test_more_than_the_limits_is_told_when_to_come_back(config: dict[str, Any], desk: Desk) -> None:
    config["limits"] = {"messages_per_minute": 2, "sessions_per_hour": 1}
    await desk.reload()
    headers = {**await desk.open_session(), **FROM_PAGE}
    for _ in range(2):
        async with desk.http.post(MESSAGES, json=message(), headers=headers) as answer:
            assert answer.status == 201
    async with desk.http.post(MESSAGES, json=message(), headers=headers) as answer:
        await assert_refused(answer, "rate_limited")
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
    async with desk.http.post("/v1/sessions", json={}, headers=FROM_PAGE) as answer:
        await assert_refused(answer, "rate_limited")
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


async def test_while_the_database_is_locked_nothing_is_acknowledged(desk: Desk) -> None:
    headers = {**await desk.open_session(), **FROM_PAGE}
    await desk.database.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(desk.database.url.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    body = message()
    async with desk.http.post(MESSAGES, json=body, headers=headers) as answer:
        await assert_refused(answer, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    other.rollback()
    other.close()
    async with desk.http.post(MESSAGES, json=body, headers=headers) as answer:
        assert answer.status == 201


@pytest.mark.parametrize(
    "head",
    [
        f"Content-Length: {100 * 2**20}\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n" + f"{MAX_BODY + 1:x}\r\n" + "x" * (MAX_BODY + 1) + "\r\n",
    ],
    ids=["announced", "chunked"],
)
async def test_a_body_over_the_limit_is_refused_without_being_read_to_the_end(desk: Desk, head: str) -> None:
    authorization = (await desk.open_session())["Authorization"]
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.http.port)
    writer.write(
        f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nAuthorization: {authorization}\r\n"
        f"Content-Type: application/json\r\n{head}".encode()
    )
    # The rest never comes: the answer, and the end of the connection, must not wait for it.
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    assert b" 413 " in answer.splitlines()[0]
    assert b'"code": "too_large"' in answer
    assert f"Access-Control-Allow-Origin: {ORIGIN}".encode() in answer


async def test_every_code_of_the_table_is_tested_here() -> None:
    source = Path(__file__).read_text()
    assert [code for code in WIRE_CODES if f'"{code}"' not in source] == []


@pytest.mark.parametrize("origin", [ORIGIN, OWN_ORIGIN])
async def test_a_page_of_ours_may_ask_and_read(desk: Desk, origin: str) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    async with desk.http.options(MESSAGES, headers=preflight) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS, POST"
        assert "Last-Event-ID" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    headers = {**await desk.open_session(), "Origin": origin}
    async with desk.http.get("/v1/events", headers=headers) as stream:
        assert stream.headers["Access-Control-Allow-Origin"] == origin
        assert stream.headers["Vary"] == "Origin"
