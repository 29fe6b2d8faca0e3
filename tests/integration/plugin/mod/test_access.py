"""Codes and tokens over HTTP, at the pinned time."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from plugin.db.database import Database
from plugin.matrix.gateway import MautrixGateway
from plugin.services.ports import MatrixFailed
from tests.integration.plugin.mod.team import ALICE, BOB, make_code, sign_in

TOKEN = "/v1/mod/token"


async def exchange(api, code):
    return await api.request("POST", TOKEN, {"code": code})


@pytest.fixture
def pinned_desk(pinned, desk):
    """Give a desk whose clock stands still."""
    return desk


async def test_a_code_becomes_a_token_of_its_moderator(desk, api) -> None:
    made = (await exchange(api, await make_code(desk, "Carol"))).json
    assert set(made) == {"token", "token_id", "moderator"}
    assert (made["moderator"]["name"], made["moderator"]["role"]) == ("Carol", "admin")
    assert len(made["token"]) >= 43


@pytest.mark.parametrize("change", [str.lower, lambda code: f" {code[:8]}-{code[8:]}\n"])
async def test_a_code_may_be_typed_by_hand(desk, api, change) -> None:
    assert (await exchange(api, change(await make_code(desk, "Alice")))).status == 200


async def test_a_code_is_used_once(desk, api) -> None:
    code = await make_code(desk, "Alice")
    answers = await asyncio.gather(*(exchange(api, code) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401, 401]
    again = await exchange(api, code)
    assert (again.status, again.json["code"]) == (401, "unauthorized")


async def test_a_code_is_good_for_15_minutes(pinned_desk, api, pinned) -> None:
    first, second = [await make_code(pinned_desk, "Alice") for _ in range(2)]
    pinned.advance(timedelta(minutes=15) - timedelta(milliseconds=1))
    assert (await exchange(api, first)).status == 200
    pinned.advance(timedelta(milliseconds=1))
    assert (await exchange(api, second)).status == 401


@pytest.mark.parametrize("code", ["", "A" * 32, "ä" * 32, "\ud800", "\x00"])
async def test_what_is_no_code_is_refused(desk, api, code) -> None:
    await make_code(desk, "Alice")
    assert (await exchange(api, code)).status == 401


async def test_a_code_must_be_a_string(desk, api) -> None:
    answer = await exchange(api, 5)
    assert (answer.status, answer.json["field"]) == (422, "code")


async def test_an_address_may_try_30_codes_an_hour(desk, api) -> None:
    answers = [await exchange(api, "A" * 32) for _ in range(31)]
    assert [answer.status for answer in answers] == [401] * 30 + [429]


async def test_neither_code_nor_token_is_stored(desk, api, tmp_path) -> None:
    code = await make_code(desk, "Alice")
    token = (await exchange(api, code)).json["token"]
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"moderator_token" in stored
    assert code.encode() not in stored
    assert token.encode() not in stored


async def test_whoever_leaves_the_allow_list_is_out_and_stays_out(desk, config) -> None:
    console, code = await sign_in(desk, "Alice"), await make_code(desk, "Alice")
    database = Database(desk.database)

    async def tokens():
        async with database.snapshot() as tx:
            return [token.id for token in await tx.access.list_tokens()]

    config["moderators"] = [dict(BOB)]
    await desk.reload()
    assert await tokens() == []
    config["moderators"] = [dict(ALICE), dict(BOB)]
    await desk.reload()
    assert await tokens() == []
    assert (await exchange(console.api, code)).status == 401


async def test_other_tokens_outlast_a_reload(desk, alice) -> None:
    await desk.reload()
    async with Database(desk.database).snapshot() as tx:
        assert [token.id for token in await tx.access.list_tokens()] == [alice.token_id]


async def test_codes_and_tokens_are_in_the_audit_log(desk, alice) -> None:
    rows = await desk.database.fetch("SELECT actor_name, action FROM audit ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("@root:example.org", "token.code_made"),
        ("Alice", "token.made"),
    ]


async def test_metrics_are_for_an_admin_s_token_from_anywhere(desk, alice, carol) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.7"}

    async def ask(api):
        answer = await api.request("GET", "/v1/metrics", headers=proxied)
        return answer.status, "headset_up 1" in answer.text

    assert await ask(carol.api) == (200, True)
    assert await ask(alice.api) == (403, False)
    assert await ask(carol.api.with_token("x")) == (401, False)
    await carol.api.call("DELETE", f"/v1/mod/tokens/{carol.token_id}")
    assert await ask(carol.api) == (401, False)


async def test_what_tells_a_code_is_not_logged(desk, caplog) -> None:
    """The client's own log has every request, and with the level DEBUG what most of them say."""
    caplog.set_level(logging.DEBUG)
    gateway = MautrixGateway(desk.plugin.client)
    with pytest.raises(MatrixFailed):
        await gateway.send_secret("!room:example.org", "the secret words", "txn")
    assert "/send/m.room.message/txn" in caplog.text
    assert "secret words" not in caplog.text


async def test_a_database_that_can_only_be_read_refuses_no_reader(pinned_desk, pinned) -> None:
    alice = await sign_in(pinned_desk, "Alice")
    async with pinned_desk.database.acquire_direct() as conn:
        await conn.execute("PRAGMA query_only = 1")
    pinned.advance(60)
    assert (await alice.get("/v1/mod/tokens"))["items"][0]["used_at"] is None
