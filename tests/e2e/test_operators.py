"""Operators look after the desk: `!headset` in Matrix, health, metrics, and a room that is lost and found."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from stack.conditions import until
from stack.instance import BRIDGE_BOT, mxid
from stack.matrix import CLIENT
from stack.operators import headset, operators_room
from stack.system import System
from stack.telegram_client import ALICE, BOB
from tests.e2e.acts import (
    Case,
    find_event,
    join_group,
    join_room,
    open_case,
    post,
    said_after,
    send_as_ghost,
)

MakeSystem = Callable[..., AbstractAsyncContextManager[System]]


@pytest.fixture
async def room(system: System) -> AsyncIterator[str]:
    """A room of the operator and the bot."""
    async with operators_room(system) as room_id:
        yield room_id


@pytest.fixture
async def case(system: System) -> AsyncIterator[Case]:
    async with open_case(system) as case:
        yield case


async def test_status_says_how_the_desk_is(system: System, room: str, case: Case) -> None:
    await become_well(system)
    lines = (await headset(system, "status", room_id=room)).splitlines()
    expected = [
        "Headset is ok",
        f"room: joined {system.room_id}",
        f"bridge: {mxid(BRIDGE_BOT)} in the room, reports deliveries",
        "power to redact: yes",
        r"outbox: 0 waiting, 0 failed, \d+ not confirmed",
        r"tickets: \d+ open, \d+ strangers' replies today",
        "database: SQLite, ok",
        "sign-in: .*",
        "proxies: .*",
    ]
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert line == pattern or re.fullmatch(pattern, line)


async def test_status_counts_open_tickets_and_strangers_replies(
    system: System, room: str, case: Case
) -> None:
    async def numbers() -> tuple[int, int]:
        status = await headset(system, "status", room_id=room)
        found = re.search(r"tickets: (\d+) open, (\d+) strangers' replies today", status)
        assert found
        return int(found[1]), int(found[2])

    opened, strange = await numbers()
    await case.reply(await join_group(system, "Trent"), "let me help")
    await case.last_word()
    assert await numbers() == (opened, strange + 1)
    await case.order("/close")
    assert await numbers() == (opened - 1, strange + 1)


async def test_moderators_are_listed_with_role_and_ids(system: System, room: str) -> None:
    lines = (await headset(system, "moderators", room_id=room)).splitlines()
    assert {
        "Alice (admin): 5550001",
        "Bob (moderator): 5550002 @bob:hs.test",
        f"admin (admin): {mxid('admin')}",
    } <= set(lines)


async def test_whoever_is_allowed_answers_until_denied(system: System, room: str, case: Case) -> None:
    grace = await join_group(system, "G.")
    await case.reply(grace, "not yet")
    assert await case.last_word() == []

    allowed = await headset(system, f"allow {grace} Grace Hopper", room_id=room)
    assert allowed == f"✓ Grace Hopper (moderator): {grace}"
    assert allowed[2:] in (await headset(system, "moderators", room_id=room)).splitlines()
    _, answer = await case.answer(grace, "now I may")
    assert (answer["author"]["name"], answer["author"]["verified"]) == ("Grace Hopper", True)
    again = await headset(system, f"allow {grace} Somebody", room_id=room)
    assert again == f"{grace} is on the allow-list already."

    assert await headset(system, "deny Grace Hopper", room_id=room) == "✓ Grace Hopper is a stranger now"
    assert allowed[2:] not in await headset(system, "moderators", room_id=room)
    await case.reply(grace, "and now?")
    asked = await case.reply(grace, "/close")
    assert await said_after(system, asked) == []
    assert "and now?" not in [text for _, text in await case.last_word()]

    await headset(system, f"allow {grace} Grace", room_id=room)
    _, back = await case.answer(grace, "back again")
    assert back["author"] == answer["author"] | {"name": "Grace"}
    assert await headset(system, f"deny {grace}", room_id=room) == "✓ Grace is a stranger now"


async def test_somebody_in_matrix_is_allowed_by_mxid(system: System, room: str, case: Case) -> None:
    heidi = await join_room(system, "heidi")
    event_id = (await find_event(system, case.post.text))["event_id"]
    await heidi.send_text(system.room_id, "not yet", reply_to=event_id)
    assert await case.last_word() == []
    allowed = await headset(system, f"allow {heidi.mxid} Heidi", room_id=room)
    assert allowed == f"✓ Heidi (moderator): {heidi.mxid}"
    await heidi.send_text(system.room_id, "from Matrix", reply_to=event_id)
    assert (await case.stream.wait_for_text("from Matrix"))["author"]["name"] == "Heidi"
    assert await headset(system, f"deny {heidi.mxid}", room_id=room) == "✓ Heidi is a stranger now"
    await heidi.send_text(system.room_id, "any more?", reply_to=event_id)
    await find_event(system, "any more?")
    texts = [text for _, text in await case.last_word()]
    assert "from Matrix" in texts
    assert not {"not yet", "any more?"} & set(texts)


@pytest.mark.parametrize("who", ["Alice", str(BOB), mxid("admin")])
async def test_one_of_the_configuration_cant_be_denied(system: System, room: str, who: str) -> None:
    before = await headset(system, "moderators", room_id=room)
    refused = await headset(system, f"deny {who}", room_id=room)
    assert refused.endswith(" stands in the configuration: take the line out there.")
    assert await headset(system, "moderators", room_id=room) == before


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("allow", "Nothing is neither a Telegram id, such as 5550001, nor an MXID."),
        ("allow Ivan", "Ivan is neither a Telegram id, such as 5550001, nor an MXID."),
        ("allow -5550001 Ivan", "-5550001 is neither a Telegram id, such as 5550001, nor an MXID."),
        ("allow 123456", "Write the name that customers see: !headset allow <Telegram id or MXID> <name>"),
        (f"allow {ALICE} Alice", f"{ALICE} is on the allow-list already."),
        ("deny", "Nobody on the allow-list is meant."),
        ("deny Ivan", "Nobody on the allow-list is Ivan."),
        ("signout everybody", "Write signout consoles, or customers."),
    ],
)
async def test_what_cant_be_done_is_answered_and_changes_nothing(
    system: System, room: str, command: str, answer: str
) -> None:
    before = await headset(system, "moderators", room_id=room)
    assert await headset(system, command, room_id=room) == answer
    assert await headset(system, "moderators", room_id=room) == before


async def test_blocks_are_listed(system: System, room: str, case: Case) -> None:
    end = (await case.order("/block 1d spam", BOB)).removeprefix("✓ ")
    assert f"{end} · Bob · spam" in (await headset(system, "blocks", room_id=room)).splitlines()
    await case.order("/unblock")
    assert end not in await headset(system, "blocks", room_id=room)


async def test_help_and_an_unknown_word(system: System, room: str) -> None:
    text = await headset(system, "help", room_id=room)
    words = [line.split()[1] for line in text.splitlines()]
    assert " ".join(words) == "status moderators allow deny blocks token tokens revoke signout help"
    assert await headset(system, "", room_id=room) == text
    assert await headset(system, "dance", room_id=room) == f"dance is not a command.\n{text}"


async def test_nobody_but_an_operator_gets_an_answer(system: System, case: Case) -> None:
    stranger = await join_room(system, "curious")
    before = [event["event_id"] for event in await system.admin.events(system.room_id)]
    first = await case.reply(ALICE, "good day")
    await stranger.send_text(system.room_id, "!headset status")
    await stranger.send_text(system.room_id, f"!headset allow {stranger.mxid} Eve")
    await system.telegram.send(ALICE, "!headset allow 5550003 Mallory")
    await find_event(system, "allow 5550003 Mallory")
    answer = await headset(system, "moderators", room_id=system.room_id)
    assert stranger.mxid not in answer
    assert "5550003" not in answer
    new = [e for e in await system.admin.events(system.room_id) if e["event_id"] not in before]
    notices = [e["content"]["body"] for e in new if e["content"].get("msgtype") == "m.notice"]
    assert notices == [answer]
    said = await said_after(system, first)
    assert not [text for text in said if "Alice" in text or "Headset" in text]


async def test_answers_never_reach_telegram(system: System, case: Case) -> None:
    last = (await system.telegram.messages())[-1].id
    status = await headset(system, "status", room_id=system.room_id)
    await case.ask()
    assert not [text for text in await said_after(system, last) if status.splitlines()[1] in text]


# Health and metrics.


async def health(system: System) -> dict[str, Any]:
    answer = await system.api.request("GET", "/v1/health")
    assert answer.status == 200
    found: dict[str, Any] = answer.json
    return found


WELL = {"database": "ok", "room": "ok", "bridge": "reporting", "outbox": "ok"}


async def become_well(system: System) -> None:
    """Return once all is well: the bridge's word of the first post comes after the post."""

    async def is_well() -> bool:
        return await health(system) == {"status": "ok", "checks": WELL}

    await until(is_well, "all checks are well")


async def test_health_and_metrics(system: System, case: Case) -> None:
    await become_well(system)
    answer = await system.api.request("GET", "/v1/metrics")
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    gauges = dict(re.findall(r"^headset_(\w+) (\d+)$", answer.text, re.MULTILINE))
    assert {"up": "1", "ok": "1", "bridge_reports": "1", "batches_failed": "0"}.items() <= gauges.items()
    assert int(gauges["tickets_open"]) >= 1
    assert int(gauges["streams_open"]) >= 1
    assert re.findall(r"^# TYPE headset_(\w+) gauge$", answer.text, re.MULTILINE) == list(gauges)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_metrics_are_not_for_those_behind_a_proxy(system: System, header: str) -> None:
    answer = await system.api.request("GET", "/v1/metrics", headers={header: "198.51.100.7"})
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert "headset_" not in answer.text


# A room that is lost and found.


async def test_a_bot_that_was_kicked_misses_nothing_once_it_is_invited_again(
    private_system: MakeSystem,
) -> None:
    async with private_system() as system, open_case(system) as case:
        await become_well(system)
        kick = f"{CLIENT}/rooms/{system.room_id}/kick"
        await system.admin.api.call("POST", kick, {"user_id": system.support_bot.mxid})
        # A new configuration makes the bot look at its room at once.
        await system.configure({"widget": {"name": "Another name"}})

        async def is_degraded() -> bool:
            return await health(system) == {"status": "degraded", "checks": WELL | {"room": "not joined"}}

        await until(is_degraded, "the bot knows that it is not in the room")
        async with operators_room(system) as room:
            assert "room: not joined: " in await headset(system, "status", room_id=room)

        texts = [f"meanwhile {n}" for n in range(3)]
        for text in texts:
            await case.reply(ALICE, text)
            await find_event(system, text)
            # More talk than one page of the room holds.
            talk = [{"msgtype": "m.text", "body": f"so much to say {n}"} for n in range(60)]
            await asyncio.gather(*(send_as_ghost(system, BOB, content) for content in talk))
        held_up = f"nobody there? {uuid.uuid4()}"
        await case.customer.send(held_up)
        await system.admin.invite(system.room_id, system.support_bot.mxid)
        for text in texts:
            await case.stream.wait_for_text(text)
        assert [text for kind, text in await case.last_word()] == [held_up, *texts]
        await system.telegram.wait_for_text(held_up)
        await become_well(system)


async def test_the_bot_follows_a_tombstone(private_system: MakeSystem) -> None:
    async with private_system() as system, open_case(system) as case:
        members = {mxid(BRIDGE_BOT): 100, system.support_bot.mxid: 50}
        new_room = await system.admin.create_room(
            preset="private_chat",
            invite=list(members),
            power_level_content_override={"users": members},
        )
        tombstone = f"{CLIENT}/rooms/{system.room_id}/state/m.room.tombstone"
        body = {"body": "moved", "replacement_room": new_room}
        await system.admin.api.call("PUT", tombstone, body)
        await system.admin.wait_for_members(new_room, set(members))

        async with operators_room(system) as room:

            async def names_the_new_room() -> bool:
                return f"room: joined {new_room}" in await headset(system, "status", room_id=room)

            await until(names_the_new_room, "!headset status names the new room")
        moved = await post(system, case.customer)
        await system.telegram.send(ALICE, "in the new room", reply_to=moved.id)
        await case.stream.wait_for_text("in the new room")
        await become_well(system)
