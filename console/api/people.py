"""The team and what is recorded: the allow-list, strangers, the audit log, tokens, canned replies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from .fields import Fields, Json
from .models import Person
from .records import Role


@dataclass(frozen=True, kw_only=True)
class Moderator:
    """A place on the allow-list."""

    id: str
    name: str
    role: Role
    telegram_id: int | None
    mxid: str | None
    handles: tuple[str, ...]
    source: Literal["config", "admins", "runtime"]
    """Only one that a command has made can be changed from here."""
    tokens: int

    @classmethod
    def from_json(cls, data: Json) -> Moderator:
        """Read a `moderator` of the allow-list."""
        fields = Fields(data, "moderator")
        return cls(
            id=fields.text("id"),
            name=fields.text("name"),
            role=cast(Role, fields.text("role")),
            telegram_id=fields.whole_or_none("telegram_id"),
            mxid=fields.text_or_none("mxid"),
            handles=fields.texts("handles"),
            source=cast(Literal["config", "admins", "runtime"], fields.text("source")),
            tokens=fields.whole("tokens"),
        )


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """A reply by somebody who is not on the allow-list; it was not delivered."""

    id: str
    sender: str
    """The Matrix id."""
    telegram_id: int | None
    name: str | None
    ticket: int | None
    text: str
    at: datetime

    @classmethod
    def from_json(cls, data: Json) -> Stranger:
        """Read a `stranger`."""
        fields = Fields(data, "stranger's reply")
        return cls(
            id=fields.text("id"),
            sender=fields.text("sender"),
            telegram_id=fields.whole_or_none("telegram_id"),
            name=fields.text_or_none("name"),
            ticket=fields.whole_or_none("ticket"),
            text=fields.text("text"),
            at=fields.time("at"),
        )


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Who did what, to whom, and when."""

    id: str
    at: datetime
    actor: Person
    action: str
    target: Json
    detail: Json

    @classmethod
    def from_json(cls, data: Json) -> AuditEntry:
        """Read an entry of the `audit`."""
        fields = Fields(data, "audit entry")
        return cls(
            id=fields.text("id"),
            at=fields.time("at"),
            actor=fields.object("actor", Person.from_json),
            action=fields.text("action"),
            target=fields.json("target"),
            detail=fields.json("detail"),
        )


@dataclass(frozen=True, kw_only=True)
class Canned:
    """A reply that is kept for use again; `{customer}`, `{ticket}` and `{moderator}` stand for those."""

    name: str
    text: str
    by: Person
    updated_at: datetime

    @classmethod
    def from_json(cls, data: Json) -> Canned:
        """Read a canned reply."""
        fields = Fields(data, "canned reply")
        return cls(
            name=fields.text("name"),
            text=fields.text("text"),
            by=fields.object("by", Person.from_json),
            updated_at=fields.time("updated_at"),
        )


@dataclass(frozen=True, kw_only=True)
class Token:
    """A login of a moderator; the token itself is never shown again."""

    id: str
    moderator: Person
    created_at: datetime
    used_at: datetime | None
    current: bool
    """The one that asks."""

    @classmethod
    def from_json(cls, data: Json) -> Token:
        """Read a `token` of the list."""
        fields = Fields(data, "token")
        return cls(
            id=fields.text("id"),
            moderator=fields.object("moderator", Person.from_json),
            created_at=fields.time("created_at"),
            used_at=fields.time_or_none("used_at"),
            current=fields.flag("current"),
        )
