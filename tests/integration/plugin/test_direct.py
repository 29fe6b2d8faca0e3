"""Private conversations and the check of who is support, as a page calls them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.integration.plugin.desk import Desk

MESSAGES, MODERATORS, CHECK = "/v1/messages", "/v1/moderators", "/v1/support-check"
BOB = {"mxid": "@bob:example.org", "telegram_id": 5550002, "name": "Bob", "handles": ["@Bob_Help"]}
CAROL = {"mxid": "@carol:example.org", "name": "Carol", "role": "admin"}


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    """A team of which two can be written to."""
    config["moderators"] = [*config["moderators"], CAROL, BOB]
    config["admins"] = ["@root:example.org", CAROL["mxid"]]
    return config


async def offered(desk: Desk, headers: dict[str, str]) -> list[dict[str, Any]]:
    async with desk.http.get(MODERATORS, headers=headers) as answer:
        assert answer.status == 200
        items: list[dict[str, Any]] = (await answer.json())["items"]
        return items


async def write(desk: Desk, headers: dict[str, str], **fields: object) -> tuple[int, dict[str, Any]]:
    body = {"client_id": str(uuid.uuid4()), "text": "Psst", **fields}
    async with desk.http.post(MESSAGES, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def check(desk: Desk, headers: dict[str, str], text: object) -> tuple[int, dict[str, Any]]:
    async with desk.http.post(CHECK, json={"text": text}, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_who_can_be_written_to_is_listed_without_their_ids(desk: Desk) -> None:
    items = await offered(desk, await desk.open_session())
    assert [(item["name"], item["avatar_url"], item["verified"]) for item in items] == [
        ("Bob", None, True),
        ("Carol", None, True),
    ]
    assert all(set(item) == {"id", "name", "avatar_url", "verified"} for item in items)
    assert "example.org" not in json.dumps(items)
    assert "5550002" not in json.dumps(items)


@pytest.mark.parametrize(("method", "path"), [("GET", MODERATORS), ("POST", CHECK)])
async def test_without_a_session_nothing_is_told(desk: Desk, method: str, path: str) -> None:
    async with desk.http.request(method, path, json={"text": "@bob_help"}) as answer:
        assert answer.status == 401


async def test_the_config_says_whether_anybody_can_be_written_to(desk: Desk) -> None:
    async def is_on() -> bool:
        async with desk.http.get("/v1/config") as answer:
            return bool((await answer.json())["features"]["direct"])

    assert await is_on()
    desk.config["moderators"] = [{"telegram_id": 5550001, "name": "Alice"}]
    await desk.reload()
    assert not await is_on()


async def test_a_direct_message_stands_in_the_history_with_its_moderator(desk: Desk) -> None:
    headers = await desk.open_session()
    bob = (await offered(desk, headers))[0]["id"]
    _, team = await write(desk, headers)
    status, direct = await write(desk, headers, channel="direct", moderator=bob)
    assert status == 201
    assert (team["channel"], team["moderator"]) == ("team", None)
    assert (direct["channel"], direct["moderator"], direct["ticket"], direct["seq"]) == (
        "direct",
        bob,
        None,
        2,
    )
    async with desk.http.get(MESSAGES, headers=headers) as answer:
        assert (await answer.json())["items"] == [team, direct]


async def test_a_repeat_is_the_same_message_and_to_somebody_else_a_conflict(desk: Desk) -> None:
    headers = await desk.open_session()
    bob, carol = (item["id"] for item in await offered(desk, headers))
    fields = {"client_id": str(uuid.uuid4()), "channel": "direct"}
    _, first = await write(desk, headers, **fields, moderator=bob)
    assert await write(desk, headers, **fields, moderator=bob) == (200, first)
    status, problem = await write(desk, headers, **fields, moderator=carol)
    assert (status, problem["code"], problem["field"]) == (409, "conflict", "client_id")
    status, problem = await write(desk, headers, client_id=fields["client_id"])
    assert (status, problem["code"]) == (409, "conflict")


async def test_a_handle_or_a_message_gets_yes_or_no(desk: Desk) -> None:
    headers = await desk.open_session()
    assert await check(desk, headers, "https://t.me/bob_help") == (200, {"kind": "handle", "official": True})
    assert await check(desk, headers, "@mallory") == (200, {"kind": "handle", "official": False})
    assert await check(desk, headers, "send me your phrase") == (
        200,
        {"kind": "message", "in_conversation": False},
    )
    assert (await check(desk, headers, 5))[1]["field"] == "text"


async def test_ten_questions_an_hour_are_answered_and_no_more(desk: Desk) -> None:
    headers = await desk.open_session()
    answers = [(await check(desk, headers, f"@guess{number}"))[0] for number in range(11)]
    assert answers == [200] * 10 + [429]


async def test_another_session_from_the_same_address_has_no_more_questions(desk: Desk) -> None:
    for _ in range(2):
        headers = await desk.open_session()
        for number in range(5):
            assert (await check(desk, headers, f"@guess{number}"))[0] == 200
    assert (await check(desk, await desk.open_session(), "@bob_help"))[0] == 429
