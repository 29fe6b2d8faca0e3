"""What the moderators' streams tell: noted by whoever changes something, numbered when it is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Literal

from mautrix.util.async_db import Connection

from .columns import to_ms

TeamEventType = Literal[
    "message.created",
    "message.edited",
    "message.deleted",
    "message.delivery",
    "ticket.created",
    "ticket.updated",
    "note.created",
    "block.created",
    "block.updated",
    "block.lifted",
    "stranger.created",
    "reply.held",
    "reply.released",
    "reply.dropped",
    "moderator.updated",
    "canned.updated",
    "customer.erased",
    "customer.joined",
    "health.changed",
]

# The one lock that all transactions share. It is taken last, so nobody who has it waits for another, and
# let go by the commit, so that numbers are given out in the order of commits and no reader skips one.
_TAKE_NUMBERS = "UPDATE counter SET value = value + $1 WHERE name = 'team_event'"
_EVENT = "type, ticket, message_id, object_id, moderator_id"
# The numbers stay in the database: to fetch them would be two more turns of SQLite's thread.
_ADD = f"""
    INSERT INTO team_event ({_EVENT}, at, number)
    SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT),
        CAST($6 AS BIGINT), value - CAST($7 AS BIGINT)
    FROM counter WHERE name = 'team_event'
"""
_GET_LAST = "SELECT value FROM counter WHERE name = 'team_event'"
_GET_FIRST = "SELECT MIN(number) FROM team_event"
_LIST = f"SELECT number, {_EVENT} FROM team_event WHERE number > $1 ORDER BY number LIMIT $2"
# By number and not by time: a clock that was set back leaves no hole that a reader would take for the end.
_PRUNE = """
    DELETE FROM team_event WHERE number IN (
        SELECT number FROM team_event
        WHERE number < COALESCE((SELECT MIN(number) FROM team_event WHERE at >= $1), $2 + 1)
        ORDER BY number LIMIT $3
    ) RETURNING number
"""


@dataclass(frozen=True, kw_only=True)
class TeamEvent:
    """Something that happened, by the ids of what it is about; who reads it looks how that is now."""

    type: TeamEventType
    ticket: int | None = None
    message_id: str | None = None
    object_id: str | None = None
    """Of a note, a block, a stranger's or a held reply, a moderator, a customer, or a canned reply's name."""
    moderator_id: str | None = None
    """The only one who may know of it; None: the whole team."""


@dataclass(frozen=True, kw_only=True)
class TeamEventPage:
    """A stretch of what happened, in order."""

    events: tuple[tuple[int, TeamEvent], ...]
    """Each with its number."""
    is_cut: bool
    """Some of what came after the number asked for is not there any more; `events` is empty then."""
    last: int
    """The newest number there is."""


class TeamEventRepository:
    """One numbered list for all moderators, without gaps and in the order of commits."""

    def __init__(self, conn: Connection, now: Callable[[], datetime]) -> None:
        self._conn, self._now = conn, now
        self._noted: dict[TeamEvent, None] = {}

    @property
    def has_noted(self) -> bool:
        """Whether there is something to write, or was."""
        return bool(self._noted)

    def note(
        self,
        event_type: TeamEventType,
        *,
        ticket: int | None = None,
        message_id: str | None = None,
        object_id: str | None = None,
        moderator_id: str | None = None,
    ) -> None:
        """Remember that something happened; it is written when the transaction is committed.

        The same twice in one transaction is once: the reader would find the same.
        """
        event = TeamEvent(
            type=event_type,
            ticket=ticket,
            message_id=message_id,
            object_id=object_id,
            moderator_id=moderator_id,
        )
        self._noted[event] = None

    async def write(self) -> None:
        """Give what was noted its numbers; the last thing that a transaction does."""
        events = self._without_repeats()
        if not events:
            return
        await self._conn.execute(_TAKE_NUMBERS, len(events))
        at, last = to_ms(self._now()), len(events) - 1
        rows = [(*astuple(event), at, last - place) for place, event in enumerate(events)]
        await self._conn.executemany(_ADD, rows)

    def _without_repeats(self) -> list[TeamEvent]:
        """Leave out that a ticket was updated where a message's event, or its making, tells of it, too."""
        told = {e.ticket for e in self._noted if e.type == "ticket.created" or e.message_id is not None}
        return [e for e in self._noted if e.type != "ticket.updated" or e.ticket not in told]

    async def get_last(self) -> int:
        """Return the newest number."""
        return int(await self._conn.fetchval(_GET_LAST))

    async def read(self, after: int, limit: int) -> TeamEventPage:
        """Return what happened after a number."""
        last = await self.get_last()
        if after == last:
            return TeamEventPage(events=(), is_cut=False, last=last)
        first = await self._conn.fetchval(_GET_FIRST)
        # A number that is ahead of everything is from before a restored backup.
        if after > last or first is None or after + 1 < first:
            return TeamEventPage(events=(), is_cut=True, last=last)
        rows = await self._conn.fetch(_LIST, after, limit)
        events = tuple(
            (
                row["number"],
                TeamEvent(
                    type=row["type"],
                    ticket=row["ticket"],
                    message_id=row["message_id"],
                    object_id=row["object_id"],
                    moderator_id=row["moderator_id"],
                ),
            )
            for row in rows
        )
        return TeamEventPage(events=events, is_cut=False, last=last)

    async def prune(self, before: datetime, limit: int) -> int:
        """Forget what happened before then, from the oldest on; return how many events."""
        return len(await self._conn.fetch(_PRUNE, to_ms(before), await self.get_last(), limit))
