"""docs/operators.md is followed as it stands, against the real bridge."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stack.conditions import until
from stack.instance import ghost, mxid
from stack.json_api import JsonApi
from stack.system import System
from stack.telegram_client import ALICE, BOB, BOT, MALLORY

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operators.md").read_text()
GROUP = -1001900000777

yaml = YAML(typ="safe")


def block(kind: str, first: str) -> str:
    """Return the guide's block of a kind that begins with a line."""
    found = [text for text in re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL) if text.startswith(first)]
    assert len(found) == 1, f"{kind} block that begins with {first!r}"
    return found[0]


def keys_of(data: Mapping[str, Any], prefix: str = "") -> list[str]:
    return [
        key
        for name, value in data.items()
        for key in (keys_of(value, f"{name}.") if isinstance(value, Mapping) else [f"{prefix}{name}"])
    ]


def test_every_key_of_the_configuration_is_explained() -> None:
    explained = set(re.findall(r"`([a-z_.]+)`", GUIDE.partition("| key |")[2].partition("## 5")[0]))
    assert [key for key in keys_of(yaml.load(ROOT / "base-config.yaml")) if key not in explained] == []


async def test_the_bridge_runs_here_with_what_the_guide_sets(system: System) -> None:
    running = json.loads((system.data / "bridge" / "config.yaml").read_text())
    wanted = yaml.load(block("yaml", "# bridge: config.yaml"))
    del wanted["telegram"]["bot_token"]
    assert contains(running, wanted)
    permissions = yaml.load(block("yaml", "# bridge: permissions").replace("@you:example.org", mxid("admin")))
    assert running["bridge"]["permissions"] == permissions


def contains(whole: Any, part: Any) -> bool:
    if isinstance(part, Mapping):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    return bool(whole == part)


async def test_a_new_group_is_set_up_by_the_guide_alone(
    private_system: Callable[..., AbstractAsyncContextManager[System]],
) -> None:
    async with private_system() as system:
        await system.telegram.api.call(
            "POST",
            "/chat",
            {
                "id": str(GROUP),
                "title": "Second team",
                "members": [BOT, ALICE, BOB, MALLORY],
                "admins": [BOT],
            },
        )
        bridge_bot, support_bot = mxid("telegrambot"), system.support_bot.mxid
        room_id = await system.admin.create_room(
            preset="private_chat",
            invite=[bridge_bot, support_bot],
            power_level_content_override={"users": {bridge_bot: 100}},
        )
        await system.admin.wait_for_members(room_id, {bridge_bot})
        for line in block("text", "!tg bridge").splitlines():
            await say_and_wait(system, room_id, line.replace("<group id>", str(GROUP)), bridge_bot)

        await system.admin.wait_for_members(room_id, {ghost(ALICE), ghost(BOB), ghost(MALLORY)})

        request, body = block("http", "POST").splitlines()[:2]
        method, path = request.replace("<support bot>", support_bot).split()
        homeserver = JsonApi(system.session, system.synapse.url).with_token(system.admin.account.token)
        assert await homeserver.call(method, path, json.loads(body)) == json.loads(body)

        text = (
            block("yaml", "# plugin").replace("<room id>", room_id).replace("<the bridge's bot>", bridge_bot)
        )
        config = yaml.load(text)
        await system.configure({**config, "relay": {"per_minute": 0, "join_within": "0s"}})
        await system.admin.wait_for_members(room_id, {support_bot})
        customer = await system.customer()
        await customer.send("is anybody there?")
        post = await system.telegram.wait_for_text("is anybody there?", chat=GROUP)
        async with customer.stream() as stream:
            await system.telegram.send(ALICE, "we are", reply_to=post.id, chat=GROUP)
            await stream.wait_for_text("we are")


async def say_and_wait(system: System, room_id: str, text: str, bridge_bot: str) -> None:
    """Write a line as the admin and return once the bridge's bot has answered it."""
    said = await system.admin.send_text(room_id, text)

    async def answered() -> bool:
        events = await system.admin.events(room_id)
        ids = [event["event_id"] for event in events]
        after = events[ids.index(said) + 1 :] if said in ids else []
        return any(e["sender"] == bridge_bot and e["type"] == "m.room.message" for e in after)

    await until(answered, f"an answer to {text}")
