"""Secrets on the wire, and what a customer may have and may have forgotten."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from stack.conditions import PATIENCE
from tests.integration.plugin.desk import ORIGIN, Desk

PHRASE = "abandon ability able about above absent absorb abstract absurd abuse access accident"
WORDS = PHRASE.split()
FROM_PAGE = {"Origin": ORIGIN}


async def post(desk: Desk, headers: dict[str, str], text: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"client_id": str(uuid.uuid4()), "text": text, **fields}
    async with desk.http.post("/v1/messages", json=body, headers=headers | FROM_PAGE) as answer:
        return answer.status, await answer.json()


async def export(desk: Desk, headers: dict[str, str]) -> dict[str, Any]:
    async with desk.http.get("/v1/me/export", headers=headers | FROM_PAGE) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Cache-Control"] == "no-store"
        found: dict[str, Any] = await answer.json()
        return found


async def test_a_refusal_says_what_kind_and_whether_more_was_taken_back(desk: Desk) -> None:
    headers = await desk.open_session()
    status, problem = await post(desk, headers, PHRASE)
    assert (status, problem["code"]) == (422, "secret_refused")
    assert (problem["kind"], problem["earlier"]) == ("phrase", False)
    status, problem = await post(desk, headers, " ".join(WORDS[:9]))
    assert (status, problem["code"], problem["kind"]) == (422, "secret_suspected", "phrase")
    assert (await post(desk, headers, " ".join(WORDS[:6])))[0] == 201
    status, problem = await post(desk, headers, " ".join(WORDS[6:]))
    assert (status, problem["kind"], problem["earlier"]) == (422, "phrase", True)
    assert "move your funds" in problem["detail"]
    assert not any(word in json.dumps(problem).split() for word in WORDS)


async def test_a_confirmed_suspicion_passes(desk: Desk) -> None:
    headers = await desk.open_session()
    status, message = await post(desk, headers, " ".join(WORDS[:9]), confirmed=True)
    assert (status, message["text"]) == (201, " ".join(WORDS[:9]))


async def test_other_tabs_see_what_was_taken_back_and_why(desk: Desk) -> None:
    headers = await desk.open_session()
    await post(desk, headers, " ".join(WORDS[:6]))
    await post(desk, headers, " ".join(WORDS[6:]))
    async with desk.http.get("/v1/events", headers=headers | {"Last-Event-ID": "0"}) as stream:
        seen = []
        while len(seen) < 3:
            line = (await asyncio.wait_for(stream.content.readline(), PATIENCE)).decode()
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
    first, notice, deleted = seen
    assert first == deleted
    assert (first["text"], first["deleted_at"] is None) == ("", False)
    assert notice["author"] == {"kind": "system", "id": "taken_back", "name": None, "verified": False}
    assert (notice["channel"], notice["ticket"], notice["seq"]) == ("team", first["ticket"], 2)
    assert "move your funds" in notice["text"]


async def test_an_export_is_all_that_the_customer_wrote_and_got(desk: Desk) -> None:
    headers = await desk.open_session()
    _, message = await post(desk, headers, 'one "two"\n<three>')
    found = await export(desk, headers)
    assert found["messages"] == [message]
    (ticket,) = found["tickets"]
    assert (ticket["number"], ticket["status"], ticket["comment"]) == (message["ticket"], "open", None)
    customer = found["customer"]
    assert (customer["identity"], customer["name"], customer["account"]) == ("anonymous", None, None)
    assert set(found) == {"customer", "tickets", "messages"}


async def test_an_export_before_the_first_message_is_empty(desk: Desk) -> None:
    found = await export(desk, await desk.open_session())
    assert (found["tickets"], found["messages"]) == ([], [])


async def test_an_export_is_ones_own(desk: Desk) -> None:
    await post(desk, await desk.open_session(), "of somebody else")
    assert "somebody else" not in json.dumps(await export(desk, await desk.open_session()))


async def test_erasing_ends_every_session_and_stream(desk: Desk) -> None:
    headers = await desk.open_session()
    await post(desk, headers, "hello")
    async with desk.http.get("/v1/events", headers=headers) as stream:
        assert await asyncio.wait_for(stream.content.readline(), PATIENCE) == b": connected\n"
        async with desk.http.delete("/v1/me", headers=headers | FROM_PAGE) as answer:
            assert (answer.status, await answer.json()) == (202, {})
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        rest = (await asyncio.wait_for(stream.content.read(), PATIENCE)).decode()
    assert rest.endswith("event: session.ended\ndata: {}\n\n")
    for method, path in (("get", "/v1/session"), ("get", "/v1/me/export"), ("delete", "/v1/me")):
        async with desk.http.request(method, path, headers=headers) as answer:
            assert answer.status == 401
    assert (await post(desk, headers, "still here"))[0] == 401
    assert [row["text"] for row in await desk.database.fetch("SELECT text FROM message")] == [""]


async def test_without_a_token_nothing_is_given_or_erased(desk: Desk) -> None:
    for method, path in (("get", "/v1/me/export"), ("delete", "/v1/me")):
        async with desk.http.request(method, path, headers=FROM_PAGE) as answer:
            assert (answer.status, (await answer.json())["code"]) == (401, "unauthorized")


async def test_exports_and_erasures_are_counted(desk: Desk) -> None:
    headers = await desk.open_session()
    for _ in range(10):
        await export(desk, headers)
    for method, path in (("get", "/v1/me/export"), ("delete", "/v1/me")):
        async with desk.http.request(method, path, headers=headers) as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) <= 360


async def take_back(desk: Desk, headers: dict[str, str], message_id: str) -> int:
    async with desk.http.delete(f"/v1/messages/{message_id}", headers=headers | FROM_PAGE) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        return answer.status


async def test_a_customer_takes_a_message_back(desk: Desk) -> None:
    headers = await desk.open_session()
    _, kept = await post(desk, headers, "Where is my order?")
    _, message = await post(desk, headers, " ".join(WORDS[:6]))
    assert await take_back(desk, headers, message["id"]) == 204
    assert await take_back(desk, headers, message["id"]) == 204
    texts = [(m["id"], m["text"], bool(m["deleted_at"])) for m in (await export(desk, headers))["messages"]]
    assert texts == [(kept["id"], "Where is my order?", False), (message["id"], "", True)]


async def test_nobody_takes_back_what_another_one_wrote(desk: Desk) -> None:
    headers, others = await desk.open_session(), await desk.open_session()
    _, message = await post(desk, headers, "Where is my order?")
    assert await take_back(desk, others, message["id"]) == 404
    assert await take_back(desk, headers, "0" * 26) == 404
    assert await take_back(desk, {}, message["id"]) == 401
    assert [m["text"] for m in (await export(desk, headers))["messages"]] == ["Where is my order?"]
