"""The outbox: texts on their way to the room, and the batches they travel in."""

from __future__ import annotations

import json
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.errors import Unavailable
from ..domain.model import ANSWERS, Batch, Message, OutboxRow
from .columns import Row, from_ms, from_ms_or_none, to_ms

_ADD_MESSAGE = """
    INSERT INTO outbox (id, lane, place, customer_id, ticket, message_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_NEXT_ANSWER = "UPDATE counter SET value = value + 1 WHERE name = 'answer' RETURNING value"
_ADD_ANSWER = """
    INSERT INTO outbox (id, lane, place, customer_id, ticket, text, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

# The row at the head of each lane that has no batch under way; answers stand behind customers.
_LIST_HEADS = """
    SELECT o.lane, o.created_at FROM outbox o
    WHERE o.batch_id IS NULL
    AND o.place = (SELECT MIN(p.place) FROM outbox p WHERE p.lane = o.lane AND p.batch_id IS NULL)
    AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.lane = o.lane AND b.state = 'open')
    ORDER BY CASE WHEN o.lane = 'answers' THEN 1 ELSE 0 END, o.created_at LIMIT $1
"""
_LIST_ROWS = """
    SELECT o.id, o.lane, o.customer_id, o.ticket, COALESCE(o.text, m.text) AS text, o.created_at
    FROM outbox o LEFT JOIN message m ON m.id = o.message_id
    WHERE o.lane = $1 AND o.batch_id IS NULL ORDER BY o.place LIMIT $2
"""
_ASSIGN = "UPDATE outbox SET batch_id = $2 WHERE id = $1 AND batch_id IS NULL RETURNING 1"

_BATCH = (
    "id, lane, customer_id, ticket, room_id, parts, held, attempt, tries, device_id, first_tried_at, fence,"
    " created_at"
)
_ADD_BATCH = """
    INSERT INTO batch (id, lane, customer_id, ticket, room_id, parts, part_count, held, state, attempt, tries,
        device_id, first_tried_at, lease_owner, lease_until, fence, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, 0, $10, $11, $12, $13, $14, $15)
"""
_LIST_DUE = f"SELECT {_BATCH} FROM batch WHERE state = 'open' AND lease_until <= $1 ORDER BY id LIMIT $2"
_LEASE = """
    UPDATE batch SET lease_owner = $3, lease_until = $4, fence = fence + 1
    WHERE id = $1 AND fence = $2 AND state = 'open' RETURNING fence
"""
_COUNT_ON_THEIR_WAY = """
    SELECT COALESCE(SUM(part_count), 0) FROM batch WHERE state = 'open' AND held = 0 AND lease_until > $1
"""
_TAKE_OVER = "UPDATE batch SET lease_until = 0 WHERE state = 'open' AND lease_owner = $1"
_NEXT_LEASE_END = "SELECT MIN(lease_until) FROM batch WHERE state = 'open'"
_START_ATTEMPT = """
    UPDATE batch SET attempt = attempt + 1, device_id = $3, first_tried_at = $4 WHERE id = $1 AND fence = $2
    RETURNING attempt
"""
_PUT_OFF = "UPDATE batch SET lease_until = $3, tries = tries + 1, error = $4 WHERE id = $1 AND fence = $2"
# The bodies go once they are in the room: they can be made again from the messages.
_END = """
    UPDATE batch SET state = $3, ended_at = $4, error = $5, parts = '[]'
    WHERE id = $1 AND fence = $2 AND state = 'open' RETURNING 1
"""
_CONFIRM = """
    UPDATE batch SET state = 'sent', ended_at = $2, parts = '[]'
    WHERE id = $1 AND state = 'open'
    AND part_count <= (SELECT COUNT(DISTINCT t.part) FROM ticket_event t WHERE t.batch_id = $1)
"""
_GET_BATCH = f"SELECT {_BATCH} FROM batch WHERE id = $1"
_LIST_SENT_SINCE = (
    "SELECT ended_at, part_count FROM batch WHERE state = 'sent' AND ended_at > $1 ORDER BY ended_at"
)


def _batch_from_row(row: Row) -> Batch:
    return Batch(
        id=row["id"],
        lane=row["lane"],
        customer_id=row["customer_id"],
        ticket=row["ticket"],
        room_id=row["room_id"],
        parts=tuple(json.loads(row["parts"])),
        held=bool(row["held"]),
        attempt=row["attempt"],
        tries=row["tries"],
        device_id=row["device_id"],
        first_tried_at=from_ms(row["first_tried_at"]),
        fence=row["fence"],
        created_at=from_ms(row["created_at"]),
    )


class OutboxRepository:
    """Rows wait in lanes; a batch with a lease carries them to the room."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add_message(self, message: Message) -> None:
        """Put a customer's message on its way, in the customer's lane."""
        await self._conn.execute(
            _ADD_MESSAGE,
            message.id,
            message.customer_id,
            message.seq,
            message.customer_id,
            message.ticket,
            message.id,
            to_ms(message.created_at),
        )

    async def add_answer(self, row: OutboxRow) -> None:
        """Put an answer to a command on its way."""
        place = await self._conn.fetchval(_NEXT_ANSWER)
        await self._conn.execute(
            _ADD_ANSWER, row.id, ANSWERS, place, row.customer_id, row.ticket, row.text, to_ms(row.created_at)
        )

    async def list_heads(self, limit: int) -> list[tuple[str, datetime]]:
        """Return lanes with waiting rows and no batch under way, each with its first row's time."""
        rows = await self._conn.fetch(_LIST_HEADS, limit)
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
            )
            for row in await self._conn.fetch(_LIST_ROWS, lane, limit)
        ]

    async def add_batch(self, batch: Batch, rows: list[OutboxRow], owner: str, lease_until: datetime) -> None:
        """Store a batch with its lease and take its rows out of the waiting ones.

        Raises:
            Unavailable: another host was first; the transaction is of no use any more.
        """
        await self._conn.execute(
            _ADD_BATCH,
            batch.id,
            batch.lane,
            batch.customer_id,
            batch.ticket,
            batch.room_id,
            json.dumps(batch.parts),
            len(batch.parts),
            int(batch.held),
            batch.attempt,
            batch.device_id,
            to_ms(batch.first_tried_at),
            owner,
            to_ms(lease_until),
            batch.fence,
            to_ms(batch.created_at),
        )
        for row in rows:
            if await self._conn.fetchval(_ASSIGN, row.id, batch.id) is None:
                raise Unavailable("Another host has taken these messages.")

    async def list_due_batches(self, now: datetime, limit: int) -> list[Batch]:
        """Return open batches that nobody holds a lease on."""
        return [_batch_from_row(row) for row in await self._conn.fetch(_LIST_DUE, to_ms(now), limit)]

    async def lease(self, batch: Batch, owner: str, until: datetime) -> int | None:
        """Take a due batch; return the new fence, None where somebody else was first."""
        fence: int | None = await self._conn.fetchval(_LEASE, batch.id, batch.fence, owner, to_ms(until))
        return fence

    async def take_over(self, owner: str) -> None:
        """Make due what this host's former process held when it died."""
        await self._conn.execute(_TAKE_OVER, owner)

    async def next_lease_end(self) -> datetime | None:
        """Return when the next open batch becomes due."""
        return from_ms_or_none(await self._conn.fetchval(_NEXT_LEASE_END))

    async def start_attempt(self, batch: Batch, device_id: str, at: datetime) -> int | None:
        """Begin a new attempt under new transaction ids; return its number, None where the lease is lost."""
        attempt: int | None = await self._conn.fetchval(
            _START_ATTEMPT, batch.id, batch.fence, device_id, to_ms(at)
        )
        return attempt

    async def put_off(self, batch: Batch, until: datetime, error: str) -> None:
        """Let go of a batch that could not be sent, to be tried again at `until`."""
        await self._conn.execute(_PUT_OFF, batch.id, batch.fence, to_ms(until), error)

    async def end_batch(self, batch: Batch, state: str, at: datetime, error: str | None = None) -> bool:
        """Close a batch as `sent`, `held` or `failed`; False where it is closed or the lease is lost."""
        return await self._conn.fetchval(_END, batch.id, batch.fence, state, to_ms(at), error) is not None

    async def confirm_sent(self, batch_id: str, at: datetime) -> None:
        """Close a batch all of whose posts were seen in the room, whoever sent them."""
        await self._conn.execute(_CONFIRM, batch_id, to_ms(at))

    async def get_batch(self, batch_id: str) -> Batch | None:
        """Return the batch."""
        row = await self._conn.fetchrow(_GET_BATCH, batch_id)
        return None if row is None else _batch_from_row(row)

    async def count_posts_on_their_way(self, now: datetime) -> int:
        """Return how many posts the batches have that somebody holds a lease on."""
        return int(await self._conn.fetchval(_COUNT_ON_THEIR_WAY, to_ms(now)))

    async def list_sent_since(self, since: datetime) -> list[tuple[datetime, int]]:
        """Return when batches were sent after `since`, and in how many posts each."""
        rows = await self._conn.fetch(_LIST_SENT_SINCE, to_ms(since))
        return [(from_ms(row["ended_at"]), row["part_count"]) for row in rows]
