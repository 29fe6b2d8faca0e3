"""What has gone to the group of late, and is about to: it counts towards the group's minute."""

from __future__ import annotations

from datetime import datetime

from mautrix.util.async_db import Connection

from .columns import from_ms, to_ms

# What goes to direct rooms takes nothing of the group's minute, and no bridge says a word of it.
# Telegram's minute counts from when it had a post, which the bridge's word is nearest to. Where the bridge
# reports, a post without a word is still on its way.
# In two parts: with one condition on both states the index of neither would serve.
_COUNT_ON_THEIR_WAY = """
    SELECT COALESCE(SUM(part_count), 0) FROM (
        SELECT part_count FROM batch
        WHERE state = 'open' AND lease_until > $1 AND direct_id IS NULL AND stands_for IS NULL
        UNION ALL
        SELECT part_count FROM batch
        WHERE state = 'sent' AND $2 = 1 AND direct_id IS NULL AND stands_for IS NULL
    ) AS on_their_way
"""
_LIST_SENT = """
    SELECT COALESCE(confirmed_at, sent_at) AS at, part_count FROM batch
    WHERE ((sent_at > $1 AND sent_at <= $3) OR (confirmed_at > $1 AND confirmed_at <= $3))
    AND NOT (state = 'sent' AND $2 = 1) AND direct_id IS NULL AND stands_for IS NULL
    ORDER BY at
"""


class PaceRepository:
    """Posts by the minute they count in."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def count_posts_on_their_way(self, now: datetime, *, reports: bool) -> int:
        """Return how many posts are being sent, or wait for the bridge's word where it reports."""
        return int(await self._conn.fetchval(_COUNT_ON_THEIR_WAY, to_ms(now), int(reports)))

    async def list_sent(
        self, since: datetime, until: datetime, *, reports: bool
    ) -> list[tuple[datetime, int]]:
        """Return when batches came to the group after `since`, and in how many posts each."""
        rows = await self._conn.fetch(_LIST_SENT, to_ms(since), int(reports), to_ms(until))
        return [(from_ms(row["at"]), row["part_count"]) for row in rows]
