"""What the desk says of itself and of the team: who one is, numbers, people, records, canned replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar, cast

from .fields import Fields, Json
from .models import Person

Role = Literal["moderator", "admin"]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list."""

    items: tuple[T, ...]
    next: str | None
    """What `after` (or `before`) asks for the next part with; None at the end."""

    @classmethod
    def from_json(cls, data: Json, make: Callable[[Any], T]) -> Page[T]:
        """Read a list whose items `make` reads."""
        fields = Fields(data, "list")
        return cls(items=fields.many("items", make), next=fields.text_or_none("next"))


@dataclass(frozen=True, kw_only=True)
class Self:
    """The moderator whose token this is."""

    id: str
    name: str
    role: Role

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read the `moderator` of `me`."""
        fields = Fields(data, "moderator")
        return cls(id=fields.text("id"), name=fields.text("name"), role=cast(Role, fields.text("role")))


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """What a code was exchanged for."""

    token: str
    token_id: str
    moderator: Self

    @classmethod
    def from_json(cls, data: Json) -> NewToken:
        """Read the answer of `POST v1/mod/token`."""
        fields = Fields(data, "token")
        return cls(
            token=fields.text("token"),
            token_id=fields.text("token_id"),
            moderator=fields.object("moderator", Self.from_json),
        )


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much the desk takes."""

    text: int
    """Characters of a message."""
    note: int
    """Characters of a note."""
    page: int
    """Items of one page of a list."""

    @classmethod
    def from_json(cls, data: Json) -> Limits:
        """Read the `limits` of `me`."""
        fields = Fields(data, "limits")
        return cls(text=fields.whole("text"), note=fields.whole("note"), page=fields.whole("page"))


@dataclass(frozen=True, kw_only=True)
class BlockRules:
    """How long a block may be."""

    default: str
    """A length such as `3d`."""
    longest: str | None
    forever: bool

    @classmethod
    def from_json(cls, data: Json) -> BlockRules:
        """Read the `blocks` of `me`."""
        fields = Fields(data, "rules of blocks")
        return cls(
            default=fields.text("default"),
            longest=fields.text_or_none("longest"),
            forever=fields.flag("forever"),
        )


@dataclass(frozen=True, kw_only=True)
class Me:
    """Who one is, and what holds at this desk."""

    moderator: Self
    token_id: str
    last_event_id: int
    """What is loaded after this misses nothing of a stream that starts here."""
    desk: str
    limits: Limits
    blocks: BlockRules
    support_room: bool
    team: tuple[Person, ...]

    @classmethod
    def from_json(cls, data: Json) -> Me:
        """Read `v1/mod/me`."""
        fields = Fields(data, "answer to who one is")
        return cls(
            moderator=fields.object("moderator", Self.from_json),
            token_id=fields.text("token_id"),
            last_event_id=fields.whole("last_event_id"),
            desk=Fields(fields.json("desk"), "name").text("name"),
            limits=fields.object("limits", Limits.from_json),
            blocks=fields.object("blocks", BlockRules.from_json),
            support_room=fields.flag("support_room"),
            team=fields.many("team", Person.from_json),
        )


@dataclass(frozen=True, kw_only=True)
class Health:
    """Is all well?"""

    status: str
    """`ok`, `degraded` or `down`."""
    checks: Mapping[str, str]

    @classmethod
    def from_json(cls, data: Json) -> Health:
        """Read a `health`."""
        fields = Fields(data, "health")
        checks = fields.json("checks")
        return cls(status=fields.text("status"), checks={str(key): str(checks[key]) for key in checks})


@dataclass(frozen=True, kw_only=True)
class FirstAnswer:
    """How long customers waited for their first answer, over seven days."""

    p50: float | None
    """Seconds."""
    p90: float | None
    count: int

    @classmethod
    def from_json(cls, data: Json) -> FirstAnswer:
        """Read the `first_answer` of the numbers."""
        fields = Fields(data, "first answer")
        return cls(
            p50=fields.number_or_none("p50"), p90=fields.number_or_none("p90"), count=fields.whole("count")
        )


@dataclass(frozen=True, kw_only=True)
class Hour:
    """How much was written in one hour."""

    at: datetime
    customer: int
    moderator: int

    @classmethod
    def from_json(cls, data: Json) -> Hour:
        """Read one of the `hours` of the numbers."""
        fields = Fields(data, "hour")
        return cls(
            at=fields.time("at"), customer=fields.whole("customer"), moderator=fields.whole("moderator")
        )


@dataclass(frozen=True, kw_only=True)
class Stats:
    """The desk in numbers."""

    open: int
    waiting: int
    blocked: int
    unsent: int
    failed: int
    held: int
    strangers_today: int
    first_answer: FirstAnswer
    hours: tuple[Hour, ...]
    """The last 24, oldest first."""
    health: Health

    @classmethod
    def from_json(cls, data: Json) -> Stats:
        """Read `v1/mod/stats`."""
        fields = Fields(data, "numbers")
        return cls(
            open=fields.whole("open"),
            waiting=fields.whole("waiting"),
            blocked=fields.whole("blocked"),
            unsent=fields.whole("unsent"),
            failed=fields.whole("failed"),
            held=fields.whole("held"),
            strangers_today=fields.whole("strangers_today"),
            first_answer=fields.object("first_answer", FirstAnswer.from_json),
            hours=fields.many("hours", Hour.from_json),
            health=fields.object("health", Health.from_json),
        )
