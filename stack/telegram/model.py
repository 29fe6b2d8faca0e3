"""What exists in the data centre: users, chats and the bot's account."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from typing import Any

from telethon.tl import types as t

CHANNEL_OFFSET = 1_000_000_000_000
"""Channels and supergroups are written -100… outside of MTProto, basic groups only with a minus sign."""


def now() -> datetime:
    """Return the present time, in whole seconds as TL dates are."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def channel_chat_id(channel_id: int) -> int:
    """Return the chat id of a channel."""
    return -(CHANNEL_OFFSET + channel_id)


@dataclass(kw_only=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str = ""
    last_name: str | None = None
    username: str | None = None
    premium: bool = False
    bot: bool = False
    deleted: bool = False
    privacy: bool = False
    """Bots only: in groups it sees commands, mentions and replies to itself, unless it is an admin."""

    @property
    def access_hash(self) -> int:
        return self.id * 7 + 1

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    def to_record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(kw_only=True)
class Chat:
    """A supergroup, a broadcast channel or a basic group."""

    id: int
    """As clients write it: -100… for channels and supergroups."""
    title: str
    created: int
    members: set[int] = field(default_factory=set)
    admins: set[int] = field(default_factory=set)
    username: str | None = None
    about: str = ""
    broadcast: bool = False
    forum: bool = False
    anonymous: int | None = None
    """The admin who has "Remain anonymous" on."""
    pts: int = 1
    next_message_id: int = 1
    changed: float = 0.0
    """When the last update was logged; tells a client that comes back which channels moved on."""

    @property
    def is_channel(self) -> bool:
        return self.id < -CHANNEL_OFFSET

    @property
    def bare_id(self) -> int:
        return -self.id - CHANNEL_OFFSET if self.is_channel else -self.id

    @property
    def peer(self) -> t.TypePeer:
        return t.PeerChannel(self.bare_id) if self.is_channel else t.PeerChat(self.bare_id)

    @property
    def date(self) -> datetime:
        return datetime.fromtimestamp(self.created, timezone.utc)

    def to_record(self) -> dict[str, Any]:
        return asdict(self) | {"members": sorted(self.members), "admins": sorted(self.admins)}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Chat:
        return cls(**record | {"members": set(record["members"]), "admins": set(record["admins"])})


@dataclass(kw_only=True)
class Account:
    """The bot's account: who it is, and how far its own update boxes have counted."""

    bot_id: int = 0
    bot_token: str = ""
    pts: int = 1
    qts: int = 1
    next_message_id: int = 1
    """Basic groups share one numbering; a channel has its own."""

    def to_record(self) -> dict[str, Any]:
        return asdict(self)


CHAT_FIELDS = frozenset(f.name for f in fields(Chat))
USER_FIELDS = frozenset(f.name for f in fields(User))
