"""How the desk stands, in numbers; each is counted where it lies, whatever else there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mautrix.util.async_db import Connection

from .blocks import BLOCKED_CUSTOMERS, IS_BLOCKED
from .columns import to_ms

_HOUR_MS = 3_600_000

_COUNT_WAITING = f"""
    SELECT COUNT(*) FROM ticket
    WHERE status = 'open' AND waiting = 'team' AND NOT {IS_BLOCKED.format(who="ticket.customer_id")}
"""
_COUNT_BLOCKED = f"SELECT COUNT(*) FROM ({BLOCKED_CUSTOMERS}) AS blocked"
_VISIBLE = "(m.moderator_id IS NULL OR m.moderator_id = $1)"
# In two parts, so that neither looks at what was sent long ago.
_COUNT_UNSENT = f"""
    SELECT COUNT(*) FROM (
        SELECT message_id FROM outbox WHERE batch_id IS NULL
        UNION ALL
        SELECT o.message_id FROM batch b JOIN outbox o ON o.batch_id = b.id
        WHERE b.state = 'open' AND b.held = 0
    ) AS unsent JOIN message m ON m.id = unsent.message_id WHERE {_VISIBLE}
"""
_COUNT_FAILED = f"""
    SELECT COUNT(*) FROM batch b JOIN outbox o ON o.batch_id = b.id JOIN message m ON m.id = o.message_id
    WHERE b.state IN ('failed', 'unconfirmed') AND {_VISIBLE}
"""
# Nearest rank, which both engines can count.
_FIRST_ANSWERS = """
    SELECT COUNT(*) AS number, MIN(CASE WHEN place * 100 >= total * 50 THEN waited END) AS p50,
        MIN(CASE WHEN place * 100 >= total * 90 THEN waited END) AS p90
    FROM (
        SELECT answered_at - opened_at AS waited, COUNT(*) OVER () AS total,
            ROW_NUMBER() OVER (ORDER BY answered_at - opened_at) AS place
        FROM ticket WHERE answered_at >= $1
    ) AS answers
"""
# By the id, which is made of the time: of a million messages only the last day's are looked at.
_COUNT_BY_HOUR = f"""
    SELECT (created_at - $1) / {_HOUR_MS} AS hour, author_kind, COUNT(*) AS number FROM message
    WHERE id >= $2 AND created_at >= $1 AND channel = 'team' AND author_kind <> 'system'
    GROUP BY (created_at - $1) / {_HOUR_MS}, author_kind
"""


@dataclass(frozen=True, kw_only=True)
class FirstAnswers:
    """How long customers waited for the first answer to a ticket, in milliseconds; None: there was none."""

    count: int
    p50: int | None
    p90: int | None


class OverviewRepository:
    """Counts. Of direct messages only the viewer's own are in them."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def count_waiting(self, now: datetime) -> int:
        """Return how many tickets wait for the team; nobody waits for a customer who is blocked."""
        return int(await self._conn.fetchval(_COUNT_WAITING, to_ms(now)))

    async def count_blocked(self, now: datetime) -> int:
        """Return how many customers are blocked."""
        return int(await self._conn.fetchval(_COUNT_BLOCKED, to_ms(now)))

    async def count_unsent(self, viewer_id: str) -> int:
        """Return how many messages are not in their room yet."""
        return int(await self._conn.fetchval(_COUNT_UNSENT, viewer_id))

    async def count_failed(self, viewer_id: str) -> int:
        """Return how many messages did not get through, or were never confirmed."""
        return int(await self._conn.fetchval(_COUNT_FAILED, viewer_id))

    async def get_first_answers(self, since: datetime) -> FirstAnswers:
        """Return how long the first answers took that were given since then."""
        (row,) = await self._conn.fetch(_FIRST_ANSWERS, to_ms(since))
        return FirstAnswers(count=row["number"], p50=row["p50"], p90=row["p90"])

    async def count_by_hour(self, since: datetime, first_id: str) -> dict[tuple[int, str], int]:
        """Return how many messages there were in each hour after `since`, by the kind of their author.

        `first_id` is the least id that a message of that time can have.
        """
        rows = await self._conn.fetch(_COUNT_BY_HOUR, to_ms(since), first_id)
        return {(row["hour"], row["author_kind"]): row["number"] for row in rows}
