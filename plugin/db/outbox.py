"""The outbox: texts that wait in lanes for their batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.model import Channel, Message, OutboxRow, console_lane, direct_lane
from .arguments import Arguments
from .columns import from_ms, from_ms_or_none, to_ms

_ADD = """
    INSERT INTO outbox (id, lane, place, priority, customer_id, ticket, message_id, text, created_at,
        direct_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
# Not by `seq`: conversations that become one get new ones, and the direct conversation keeps its lane.
_PLACE_IN_LANE = "SELECT COALESCE(MAX(place), 0) + 1 FROM outbox WHERE lane = $1"
_NEXT_PLACE = "UPDATE counter SET value = value + 1 WHERE name = 'answer' RETURNING value"
_HAS_WAITING = "SELECT 1 FROM outbox WHERE lane = $1 AND batch_id IS NULL"

# The row at the head of each lane whose former batch has come to its end. Where the bridge reports,
# one in the room has not: what comes after it must not overtake it if it is sent again.
_LIST_HEADS = """
    SELECT o.lane, o.created_at FROM (
        SELECT lane, MIN(place) AS place FROM outbox WHERE batch_id IS NULL GROUP BY lane
    ) AS head JOIN outbox o ON o.lane = head.lane AND o.place = head.place
    WHERE CASE WHEN o.direct_id IS NULL THEN 'team' ELSE 'direct' END = {channel}
    AND NOT EXISTS (
        SELECT 1 FROM batch b WHERE b.lane = o.lane AND b.id NOT IN ({behind})
        AND (b.state = 'open' OR (b.state = 'sent' AND {waits} = 1))
    )
    ORDER BY o.priority, o.created_at LIMIT {limit}
"""
_LIST_ROWS = """
    SELECT o.id, o.lane, o.customer_id, o.ticket, COALESCE(o.text, m.text, '') AS text, o.created_at,
        o.direct_id
    FROM outbox o LEFT JOIN message m ON m.id = o.message_id
    WHERE o.lane = $1 AND o.batch_id IS NULL ORDER BY o.place LIMIT $2
"""
_LIST_TEXTS = """
    SELECT m.text FROM outbox o JOIN message m ON m.id = o.message_id WHERE o.batch_id = $1 ORDER BY o.place
"""
_REMOVE_MESSAGE = "DELETE FROM outbox WHERE message_id = $1 RETURNING batch_id"
_PUT_BACK = "UPDATE outbox SET batch_id = NULL WHERE batch_id = $1 AND message_id IS NOT NULL"
_DROP = "DELETE FROM outbox WHERE lane = $1 AND batch_id IS NULL"
# Lower goes first. Answers are few, one to a command, and would never get a turn behind a full house;
# a customer's very first message is what a team must see soonest.
# What moderators said from the console the customers have already.
_FIRST_MESSAGE, _ANSWER, _MESSAGE, _COPY, _MARK = range(5)

# In two parts, so that neither looks at what was sent long ago.
_COUNT_WAITING = f"""
    SELECT COUNT(*) AS number, MIN(created_at) AS oldest FROM (
        SELECT created_at FROM outbox
        WHERE batch_id IS NULL AND message_id IS NOT NULL AND priority <> {_COPY}
        UNION ALL
        SELECT o.created_at FROM batch b JOIN outbox o ON o.batch_id = b.id
        WHERE b.state = 'open' AND o.message_id IS NOT NULL AND o.priority <> {_COPY}
    ) AS waiting
"""


class OutboxRepository:
    """Rows of one lane go out in order."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add_message(self, message: Message) -> None:
        """Put a customer's message on its way, in the customer's lane."""
        priority = _FIRST_MESSAGE if message.seq == 1 else _MESSAGE
        await self._conn.execute(
            _ADD,
            message.id,
            message.customer_id,
            message.seq,
            priority,
            message.customer_id,
            message.ticket,
            message.id,
            None,
            to_ms(message.created_at),
            None,
        )

    async def add_direct_message(self, message: Message, direct_id: str) -> None:
        """Put a customer's message on its way to a moderator's direct room, under the conversation's lock."""
        lane = direct_lane(direct_id)
        await self._conn.execute(
            _ADD,
            message.id,
            lane,
            await self._conn.fetchval(_PLACE_IN_LANE, lane),
            _MESSAGE,
            message.customer_id,
            None,
            message.id,
            None,
            to_ms(message.created_at),
            direct_id,
        )

    async def add_copy(self, message: Message) -> None:
        """Let the group be shown what a moderator answered from the console, after what waits there already.

        Under the conversation's lock.
        """
        assert message.ticket is not None  # noqa: S101 - the group has no part in direct conversations
        lane = console_lane(message.ticket)
        await self._conn.execute(
            _ADD,
            message.id,
            lane,
            await self._conn.fetchval(_PLACE_IN_LANE, lane),
            _COPY,
            message.customer_id,
            message.ticket,
            message.id,
            None,
            to_ms(message.created_at),
            None,
        )

    async def add_answer(self, row: OutboxRow) -> None:
        """Put a text of the bot's own on its way."""
        await self._add_own(row, row.lane, _ANSWER, row.text)

    async def ask_for_mark(self, row: OutboxRow) -> None:
        """Let the ticket's last post be marked soon; what it will say is found out then."""
        lane = row.lane
        if await self._conn.fetchval(_HAS_WAITING, lane) is None:
            await self._add_own(row, lane, _MARK, None)

    async def _add_own(self, row: OutboxRow, lane: str, priority: int, text: str | None) -> None:
        place = await self._conn.fetchval(_NEXT_PLACE)
        await self._conn.execute(
            _ADD,
            row.id,
            lane,
            place,
            priority,
            row.customer_id,
            row.ticket,
            None,
            text,
            to_ms(row.created_at),
            row.direct_id,
        )

    async def list_heads(
        self,
        limit: int,
        *,
        wait_for_reports: bool,
        channel: Channel = "team",
        behind: Sequence[str] = (),
    ) -> list[tuple[str, datetime]]:
        """Return lanes whose next rows may go, the most urgent first, each with its first row's time.

        `behind`: batches that hold up nothing in their lanes.
        """
        arguments = Arguments()
        query = _LIST_HEADS.format(
            channel=arguments.add(channel),
            behind=arguments.add_all(list(behind) or [""]),
            waits=arguments.add(int(wait_for_reports)),
            limit=arguments.add(limit),
        )
        rows = await self._conn.fetch(query, *arguments.values)
        return [(row["lane"], from_ms(row["created_at"])) for row in rows]

    async def list_rows(self, lane: str, limit: int) -> list[OutboxRow]:
        """Return the waiting rows of a lane, in order."""
        return [
            OutboxRow(
                id=row["id"],
                lane=row["lane"],
                customer_id=row["customer_id"],
                ticket=row["ticket"],
                text=row["text"],
                created_at=from_ms(row["created_at"]),
                direct_id=row["direct_id"],
            )
            for row in await self._conn.fetch(_LIST_ROWS, lane, limit)
        ]

    async def list_texts(self, batch_id: str) -> list[str]:
        """Return the customer's messages in a batch, in order."""
        return [row["text"] for row in await self._conn.fetch(_LIST_TEXTS, batch_id)]

    async def remove_message(self, message_id: str) -> str | None:
        """Take a message out, wherever it stands; return the batch that it went in."""
        batch_id: str | None = await self._conn.fetchval(_REMOVE_MESSAGE, message_id)
        return batch_id

    async def put_back(self, batch_id: str) -> None:
        """Let the messages of a batch wait again."""
        await self._conn.execute(_PUT_BACK, batch_id)

    async def drop_waiting(self, lane: str) -> None:
        """Take the waiting rows out of a lane: there is nothing to send any more."""
        await self._conn.execute(_DROP, lane)

    async def count_waiting_messages(self) -> tuple[int, datetime | None]:
        """Return how many customers' messages are not in the room yet, and since when the oldest waits."""
        (row,) = await self._conn.fetch(_COUNT_WAITING)
        return row["number"], from_ms_or_none(row["oldest"])
