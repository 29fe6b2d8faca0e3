"""What is held, as the team looks at it: replies that ask for a secret, and messages that a block keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal

from mautrix.util.async_db import Connection

from ..domain.model import Customer
from .columns import AFTER_ALL_IDS, Row, from_ms
from .sessions import JOINED_CUSTOMER, customer_from_row

_REPLY = """
    SELECT h.id, 'reply' AS kind, h.customer_id, h.ticket, h.direct_id, h.moderator_id, h.text, h.created_at,
        h.edits, h.state
    FROM held_reply h
"""
_MESSAGE = """
    SELECT b.id, 'message' AS kind, b.customer_id, b.ticket, b.direct_id, d.moderator_id, NULL AS text,
        b.created_at, NULL AS edits, b.state
    FROM batch b LEFT JOIN direct d ON d.id = b.direct_id
"""
# $2 is who looks: what was said in private is that moderator's alone.
_REPLY_WAITS = "h.state = 'held' AND (h.direct_id IS NULL OR h.moderator_id = $2)"
_MESSAGE_WAITS = "b.state = 'held' AND (b.direct_id IS NULL OR d.moderator_id = $2)"
_WAITING = f"""
    SELECT * FROM ({_REPLY} WHERE h.id < $1 AND {_REPLY_WAITS} ORDER BY h.id DESC LIMIT $3) AS replies
    UNION ALL
    SELECT * FROM ({_MESSAGE} WHERE b.id < $1 AND {_MESSAGE_WAITS} ORDER BY b.id DESC LIMIT $3) AS messages
"""
_ONE = f"""
    {_REPLY} WHERE h.id = $1
    UNION ALL
    {_MESSAGE} WHERE b.id = $1 AND b.lane IN (b.customer_id, 'direct:' || b.direct_id)
"""
_ENTRIES = f"""
    WITH page AS ({{0}})
    SELECT page.id, page.kind, page.ticket, page.direct_id, page.moderator_id, page.edits, page.state,
        COALESCE(page.text, m.text) AS text, COALESCE(m.created_at, page.created_at) AS written_at,
        t.name AS moderator_name, {JOINED_CUSTOMER}
    FROM page JOIN customer w ON w.id = page.customer_id
    LEFT JOIN moderator t ON t.id = page.moderator_id
    LEFT JOIN outbox o ON o.batch_id = page.id AND page.kind = 'message'
    LEFT JOIN message m ON m.id = o.message_id
    ORDER BY page.id DESC, o.place
"""
_LIST = _ENTRIES.format(f"SELECT * FROM ({_WAITING}) AS both_kinds ORDER BY id DESC LIMIT $3")
_GET = _ENTRIES.format(_ONE)
_COUNT = f"""
    SELECT (SELECT COUNT(*) FROM held_reply h WHERE {_REPLY_WAITS.replace("$2", "$1")})
        + (SELECT COUNT(*) FROM batch b LEFT JOIN direct d ON d.id = b.direct_id
           WHERE {_MESSAGE_WAITS.replace("$2", "$1")})
"""


@dataclass(frozen=True, kw_only=True)
class HeldEntry:
    """A moderator's reply, or what a customer wrote in one go."""

    id: str
    kind: Literal["reply", "message"]
    customer: Customer
    ticket: int | None
    direct_id: str | None
    moderator_id: str | None
    """Who wrote a reply; of a message, with whom it is in private."""
    moderator_name: str | None
    text: str
    written_at: datetime
    edits: str | None
    """The delivered message that a reply is an edit of."""
    is_waiting: bool
    """Nobody has decided yet."""


def _entry(rows: list[Row]) -> HeldEntry:
    row = rows[0]
    return HeldEntry(
        id=row["id"],
        kind=row["kind"],
        customer=customer_from_row(row, "w_"),
        ticket=row["ticket"],
        direct_id=row["direct_id"],
        moderator_id=row["moderator_id"],
        moderator_name=row["moderator_name"],
        text="\n\n".join(one["text"] for one in rows if one["text"]),
        written_at=from_ms(row["written_at"]),
        edits=row["edits"],
        is_waiting=row["state"] == "held",
    )


class HeldEntryRepository:
    """Reads both kinds as one list. Their ids are ULIDs of when they were held, so by id is by time."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def list_waiting(self, viewer_id: str, before: str | None, limit: int) -> list[HeldEntry]:
        """Return what waits for a decision and may be seen by a moderator, the newest first."""
        return self._read(await self._conn.fetch(_LIST, before or AFTER_ALL_IDS, viewer_id, limit))

    async def get(self, held_id: str) -> HeldEntry | None:
        """Return one of either kind, decided or not, whoever may see it."""
        return next(iter(self._read(await self._conn.fetch(_GET, held_id))), None)

    async def count_waiting(self, viewer_id: str) -> int:
        """Return how much waits for a decision and may be seen by a moderator."""
        return int(await self._conn.fetchval(_COUNT, viewer_id))

    @staticmethod
    def _read(rows: list[Row]) -> list[HeldEntry]:
        return [_entry(list(group)) for _, group in groupby(rows, lambda row: row["id"])]
