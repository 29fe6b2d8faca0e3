"""The plugin's configuration in this system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .telegram_client import ALICE, BOB

Config = Mapping[str, Any]

SERVER_NAME = "hs.test"
INSTANCE = "support"
SUPPORT_BOT, ADMIN, BRIDGE_BOT = "headset", "admin", "telegrambot"
MODERATOR = "bob"
"""Bob has a Matrix account beside his Telegram one, so that customers can write to him in private."""
GHOST_TEMPLATE = "telegram_{userid}"


def mxid(localpart: str) -> str:
    """The user's full id on this system's homeserver."""
    return f"@{localpart}:{SERVER_NAME}"


def ghost(telegram_id: int) -> str:
    """The full id of a Telegram user's ghost."""
    return mxid(GHOST_TEMPLATE.format(userid=telegram_id))


def instance_config(room_id: str, page_origin: str, overrides: Config) -> dict[str, Any]:
    """The whole configuration, with the overrides laid over it."""
    return merge(
        {
            "support_room": room_id,
            "admins": [mxid(ADMIN)],
            "bridge": {"bot": mxid(BRIDGE_BOT), "ghost_template": GHOST_TEMPLATE},
            "moderators": [
                {"telegram_id": ALICE, "name": "Alice", "role": "admin"},
                {
                    "telegram_id": BOB,
                    "mxid": mxid(MODERATOR),
                    "name": "Bob",
                    "role": "moderator",
                    "handles": ["@bob_help"],
                },
            ],
            "widget": {"allowed_origins": [page_origin], "name": "Example support", "color": "#4f46e5"},
        },
        overrides,
    )


def merge(base: Config, overrides: Config) -> dict[str, Any]:
    """Lays one nested mapping over another; anything that is no mapping, lists too, is replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = merge(below, value)
        merged[key] = value
    return merged
