"""The rooms and the people of a desk, and the settings that name them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from plugin.config import ModeratorEntry, Settings, parse_settings

BOT = "@headset:example.org"
BRIDGE_BOT = "@telegrambot:example.org"
ALICE, BOB, STRANGER = (f"@telegram_{number}:example.org" for number in (1, 2, 666))
ROOM_ALIAS, ROOM, QUIET = "#support:example.org", "!support", "!quiet"
CAROL, DAVE = "@carol:example.org", "@dave:example.org"
"""Two moderators who are in Matrix themselves."""


def make_settings(**changes: Any) -> Settings:
    """Return the settings of base-config.yaml, filled in, with `changes` by dotted key."""
    data = YAML(typ="safe").load(Path("base-config.yaml"))
    data["bridge"]["bot"] = BRIDGE_BOT
    settings = parse_settings({**data, "support_room": ROOM_ALIAS})
    team = [
        ModeratorEntry(name=name, role="moderator", telegram_id=number, mxid=None)
        for name, number in (("Alice", 1), ("Bob", 2))
    ]
    team += [
        ModeratorEntry(name=name, role="moderator", telegram_id=None, mxid=mxid)
        for name, mxid in (("Carol", CAROL), ("Dave", DAVE))
    ]
    return replace(settings, moderators=tuple(team), **changes)
