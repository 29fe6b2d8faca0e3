"""What a customer may do with a ticket of their own."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.integration.plugin.desk import Desk


async def open_ticket(desk: Desk, headers: dict[str, str]) -> int:
    body = {"client_id": str(uuid.uuid4()), "text": "hello"}
    async with desk.http.post("/v1/messages", json=body, headers=headers) as answer:
        assert answer.status == 201
        number: int = (await answer.json())["ticket"]
        return number


async def call(
    desk: Desk, path: str, headers: dict[str, str], body: Any = None
) -> tuple[int, dict[str, Any]]:
    async with desk.http.post(path, json=body if body is not None else {}, headers=headers) as answer:
        return answer.status, json.loads(await answer.text())


async def test_a_customer_closes_rates_and_writes_again(desk: Desk) -> None:
    headers = await desk.open_session()
    number = await open_ticket(desk, headers)
    closed = {"number": number, "status": "closed", "score": None}
    assert await call(desk, f"/v1/tickets/{number}/close", headers) == (200, closed)
    assert await call(desk, f"/v1/tickets/{number}/close", headers) == (200, closed)
    rating = {"score": 4, "comment": "quick"}
    assert await call(desk, f"/v1/tickets/{number}/rating", headers, rating) == (200, {**closed, "score": 4})
    assert await open_ticket(desk, headers) == number
    async with desk.http.get("/v1/session", headers=headers) as answer:
        assert (await answer.json())["ticket"] == {"number": number, "status": "open", "score": 4}
    async with desk.http.get("/v1/events", headers={**headers, "Last-Event-ID": "0"}) as stream:
        kinds = []
        while len(kinds) < 5:
            line = (await stream.content.readline()).decode()
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: ").strip())
    assert kinds == [
        "message.created",
        "ticket.updated",
        "ticket.updated",
        "message.created",
        "ticket.updated",
    ]


async def test_an_open_ticket_cannot_be_rated(desk: Desk) -> None:
    headers = await desk.open_session()
    number = await open_ticket(desk, headers)
    status, problem = await call(desk, f"/v1/tickets/{number}/rating", headers, {"score": 5})
    assert (status, problem["code"]) == (409, "conflict")


@pytest.mark.parametrize("score", [0, 6, 2.5, "5", True, None])
async def test_a_wrong_score_is_refused_by_name(desk: Desk, score: object) -> None:
    headers = await desk.open_session()
    number = await open_ticket(desk, headers)
    await call(desk, f"/v1/tickets/{number}/close", headers)
    status, problem = await call(desk, f"/v1/tickets/{number}/rating", headers, {"score": score})
    assert (status, problem["code"], problem["field"]) == (422, "invalid", "score")


@pytest.mark.parametrize("act", ["close", "rating"])
async def test_another_customers_ticket_is_not_there(desk: Desk, act: str) -> None:
    number = await open_ticket(desk, await desk.open_session())
    status, problem = await call(desk, f"/v1/tickets/{number}/{act}", await desk.open_session(), {"score": 5})
    assert (status, problem["code"]) == (404, "not_found")


async def test_without_the_homeserver_health_is_degraded_and_says_why(desk: Desk) -> None:
    async with desk.http.get("/v1/health") as answer:
        assert answer.status == 200
        health = await answer.json()
    assert health["status"] == "degraded"
    assert health["checks"] == {
        "database": "ok",
        "room": "not joined",
        "bridge": "not there",
        "outbox": "ok",
    }


async def test_metrics_count_and_are_for_this_machine_only(desk: Desk) -> None:
    await open_ticket(desk, await desk.open_session())
    async with desk.http.get("/v1/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert "headset_outbox_waiting_messages 1" in lines
    assert "headset_tickets_open 1" in lines
    assert "headset_ok 0" in lines
    assert "headset_redactions_waiting 0" in lines
    for header in ("Forwarded", "X-Forwarded-For"):
        async with desk.http.get("/v1/metrics", headers={header: "127.0.0.1"}) as answer:
            assert answer.status == 403


async def test_a_covered_address_is_stored_only_as_a_keyed_hash_and_only_when_asked(
    config: dict[str, Any], desk: Desk
) -> None:
    await desk.open_session()
    config["blocks"] = {"cover_address": True}
    await desk.reload()
    await desk.open_session()
    await desk.open_session()
    rows = [
        row[0] for row in await desk.database.fetch("SELECT address_hash FROM session ORDER BY created_at")
    ]
    assert rows[0] is None
    assert rows[1] == rows[2]
    assert len(rows[1]) == 64
