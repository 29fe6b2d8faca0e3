"""Batches: rows of the outbox on their way to the room, and what became of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from mautrix.util.async_db import Connection, Scheme

from ..domain.delivery import SILENT_BATCHES, Part
from ..domain.errors import Unavailable
from ..domain.model import ANSWERS, Batch, Channel, OutboxRow, console_lane
from .columns import Row, from_ms, from_ms_or_none, to_ms
from .team_events import TeamEventRepository, TeamEventType

_BATCH = (
    "id, lane, customer_id, ticket, room_id, parts, part_count, held, edits, attempt, tries, device_id,"
    " first_tried_at, fence, created_at, heading, direct_id, stands_for"
)
_ADD = """
    INSERT INTO batch (id, lane, customer_id, ticket, room_id, parts, part_count, held, edits, state, attempt,
        tries, device_id, first_tried_at, due_at, lease_owner, lease_until, fence, created_at, heading,
        direct_id, stands_for)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $8 = 1 THEN 'held' ELSE 'open' END, $10, 0, $11,
        $12, $13, $14, $15, $16, $13, $17, $18, $19)
"""
# On SQLite the transaction itself keeps others out.
_LOCK_MAKING = "SELECT value FROM counter WHERE name = 'maker' FOR UPDATE SKIP LOCKED"
_WAIT_FOR_MAKING = "SELECT value FROM counter WHERE name = 'maker' FOR UPDATE"
# An update that changes nothing: on PostgreSQL it waits for whoever is about to change the batch.
_LOCK = "UPDATE batch SET fence = fence WHERE id = $1 RETURNING state"
_ASSIGN = "UPDATE outbox SET batch_id = $2 WHERE id = $1 AND batch_id IS NULL RETURNING 1"
_GET = f"SELECT {_BATCH} FROM batch WHERE id = $1"
_GET_LAST_ID = "SELECT MAX(id) FROM batch"

_CHANNEL = "CASE WHEN direct_id IS NULL THEN 'team' ELSE 'direct' END"
# Released or sent again together, batches of one lane would overtake each other. The earlier one has not
# come to its end either, where the bridge reports, while its word is out.
_FIRST_OF_LANE = """
    NOT EXISTS (
        SELECT 1 FROM batch f WHERE f.lane = batch.lane AND f.id < batch.id
        AND (f.state = 'open' OR (f.state = 'sent' AND $2 = 1))
    )
"""
_LIST_DUE = f"""
    SELECT {_BATCH} FROM batch
    WHERE state = 'open' AND due_at <= $3 AND lease_until <= $3 AND {_CHANNEL} = $1 AND {_FIRST_OF_LANE}
    ORDER BY id LIMIT $4
"""
_LEASE = """
    UPDATE batch SET lease_owner = $3, lease_until = $4, fence = fence + 1
    WHERE id = $1 AND fence = $2 AND state = 'open' RETURNING fence
"""
_LET_GO = "UPDATE batch SET lease_until = 0 WHERE id = $1 AND fence = $2 AND state = 'open'"
_TAKE_OVER = "UPDATE batch SET lease_until = 0 WHERE state = 'open' AND lease_owner = $1"
_NEXT_DUE = f"""
    SELECT MIN(CASE WHEN due_at > lease_until THEN due_at ELSE lease_until END) FROM batch
    WHERE state = 'open' AND {_CHANNEL} = $1 AND {_FIRST_OF_LANE}
"""
_START_ATTEMPT = """
    UPDATE batch SET attempt = attempt + 1, device_id = $3, first_tried_at = $4 WHERE id = $1 AND fence = $2
    RETURNING attempt
"""
_CARRY_PARTS = "UPDATE ticket_event SET attempt = $2 WHERE batch_id = $1 AND status IN ('sent', 'delivered')"
_PUT_OFF = """
    UPDATE batch SET lease_until = 0, due_at = $3, tries = tries + 1, error = $4 WHERE id = $1 AND fence = $2
"""
_END = """
    UPDATE batch SET state = $3, error = $4, parts = CASE WHEN $3 = 'delivered' THEN '[]' ELSE parts END
    WHERE id = $1 AND fence = $2 AND state = 'open' RETURNING 1
"""

_LIST_PARTS = (
    "SELECT part, attempt, status, reason FROM ticket_event WHERE batch_id = $1 ORDER BY attempt, part"
)
_GET_STATE = "SELECT state FROM batch WHERE id = $1"
_SET_SENT = "UPDATE batch SET state = 'sent', sent_at = $2, error = NULL WHERE id = $1 AND state = 'open'"
# The bodies go once they are delivered: they can be made again from the messages.
_SET_DELIVERED = """
    UPDATE batch SET state = 'delivered', sent_at = COALESCE(sent_at, $2), confirmed_at = $2, error = NULL,
        parts = '[]'
    WHERE id = $1 AND state <> 'dropped'
"""
_SET_FAILED = "UPDATE batch SET state = 'failed', error = $2 WHERE id = $1 AND state <> 'dropped' RETURNING 1"
# Of no host any more: whoever is sending it right now finds its fence outdated.
_DROP = """
    UPDATE batch SET state = 'dropped', parts = '[]', error = NULL, fence = fence + 1, lease_until = 0
    WHERE id = $1 OR stands_for = $1 RETURNING held
"""
_SET_LATE = "UPDATE batch SET sent_at = COALESCE(sent_at, $2) WHERE id = $1"
_LIST_MARKS = """
    SELECT id FROM batch
    WHERE lane = $1 AND edits IN (SELECT event_id FROM ticket_event WHERE batch_id = $2)
"""
_SEND_AGAIN = """
    UPDATE batch SET state = 'open', attempt = attempt + 1, first_tried_at = $2, due_at = $3, lease_until = 0,
        fence = fence + 1, error = $4
    WHERE id = $1 AND state <> 'dropped'
"""

_RELEASE = """
    UPDATE batch SET held = 0, state = 'open', attempt = attempt + 1, first_tried_at = $2, due_at = $2,
        lease_until = 0, fence = fence + 1
    WHERE state = 'held' AND {0} RETURNING id
"""
_RELEASE_HELD = _RELEASE.format("customer_id = $1 AND direct_id IS NULL")
_RELEASE_ONE = _RELEASE.format("id = $1")
_DROP_HELD = """
    UPDATE batch SET state = 'dropped', parts = '[]', fence = fence + 1 WHERE id = $1 AND state = 'held'
    RETURNING 1
"""
_EXPIRE = f"""
    UPDATE batch SET state = 'unconfirmed' WHERE state = 'sent' AND sent_at <= $1 RETURNING {_BATCH}
"""
_OLDEST_UNCONFIRMED = """
    SELECT MIN(sent_at) FROM batch WHERE state = 'sent' AND (stands_for IS NULL OR $1 = 1)
"""
_GET_SILENT = "SELECT value FROM counter WHERE name = 'silent_batches'"
_ADD_SILENT = "UPDATE counter SET value = value + $1 WHERE name = 'silent_batches'"
_HEARD = "UPDATE counter SET value = 0 WHERE name = 'silent_batches'"
_SAY_AGAIN = """
    UPDATE batch SET state = 'open', attempt = attempt + 1, first_tried_at = $2, due_at = $2, lease_until = 0,
        fence = fence + 1
    WHERE lane = $1 AND state = 'unconfirmed'
"""
_LEAVE_UNREPORTED = "UPDATE batch SET state = 'unreported' WHERE state = 'sent'"

_COUNT_BY_STATE = """
    SELECT state, COUNT(*) AS number FROM batch
    WHERE state IN ('failed', 'unconfirmed') AND stands_for IS NULL GROUP BY state
"""
_LAST_OF_TICKET = f"""
    SELECT {_BATCH} FROM batch WHERE ticket = $1 AND lane = customer_id AND held = 0 AND sent_at IS NOT NULL
    AND state <> 'dropped' ORDER BY id DESC LIMIT 1
"""
_LIST_UNDELIVERED = f"""
    SELECT {_BATCH} FROM batch
    WHERE ticket = $1 AND state IN ('failed', 'unconfirmed') AND lane IN (customer_id, $2) ORDER BY id
"""
_GET_OF_MESSAGE = f"SELECT {_BATCH} FROM batch WHERE id = (SELECT batch_id FROM outbox WHERE message_id = $1)"
# How far a stand-in has come is told as news of what it stands for.
_LIST_MESSAGES = """
    SELECT m.id, m.ticket, m.moderator_id FROM batch b
    JOIN outbox o ON o.batch_id = COALESCE(b.stands_for, b.id) JOIN message m ON m.id = o.message_id
    WHERE b.id = $1 ORDER BY o.place
"""
_LAST_EVENT = """
    SELECT event_id FROM ticket_event WHERE batch_id = $1 AND status IN ('sent', 'delivered')
    ORDER BY part DESC, attempt DESC LIMIT 1
"""


def _from_row(row: Row) -> Batch:
    return Batch(
        id=row["id"],
        lane=row["lane"],
        customer_id=row["customer_id"],
        ticket=row["ticket"],
        room_id=row["room_id"] or None,
        parts=tuple(json.loads(row["parts"])),
        part_count=row["part_count"],
        held=bool(row["held"]),
        edits=row["edits"],
        attempt=row["attempt"],
        tries=row["tries"],
        device_id=row["device_id"],
        first_tried_at=from_ms(row["first_tried_at"]),
        fence=row["fence"],
        created_at=from_ms(row["created_at"]),
        heading=row["heading"],
        direct_id=row["direct_id"],
        stands_for=row["stands_for"],
    )


class BatchRepository:
    """States: `open`, then `sent` and `delivered`, or `failed`, `held`, `unconfirmed`, `unreported`.

    `dropped`, when its words were taken back, is the end of all of them.
    """

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def lock_making(self) -> bool:
        """Be the only host that looks what is due, until the transaction ends; False where another does."""
        if self._conn.scheme == Scheme.SQLITE:
            return True
        return await self._conn.fetchval(_LOCK_MAKING) is not None

    async def wait_for_making(self) -> None:
        """Let no host make or change batches of what waits until the transaction ends."""
        if self._conn.scheme != Scheme.SQLITE:
            await self._conn.fetchval(_WAIT_FOR_MAKING)

    async def lock(self, batch_id: str) -> str | None:
        """Return the state of a batch, which stays as it is until the transaction ends."""
        state: str | None = await self._conn.fetchval(_LOCK, batch_id)
        return state

    async def drop(self, batch_id: str) -> bool:
        """Take a batch back, wherever it stands; return whether it may have been on its way to the room."""
        rows = await self._conn.fetch(_DROP, batch_id)
        await self.tell_of(batch_id)
        return any(not row["held"] for row in rows)

    async def note_late(self, batch_id: str, at: datetime) -> None:
        """Note that a dropped batch got into the room all the same: it counts for the group's minute."""
        await self._conn.execute(_SET_LATE, batch_id, to_ms(at))

    async def list_marks(self, lane: str, batch_id: str) -> list[str]:
        """Return the batches in a lane of marks that repeat, as edits, what a batch said."""
        return [row["id"] for row in await self._conn.fetch(_LIST_MARKS, lane, batch_id)]

    async def add(self, batch: Batch, rows: list[OutboxRow], owner: str, lease_until: datetime) -> None:
        """Store a batch with its lease and take its rows out of the waiting ones.

        Raises:
            Unavailable: another host was first; the transaction is of no use any more.
        """
        await self._conn.execute(
            _ADD,
            batch.id,
            batch.lane,
            batch.customer_id,
            batch.ticket,
            batch.room_id or "",
            json.dumps(batch.parts),
            batch.part_count,
            int(batch.held),
            batch.edits,
            batch.attempt,
            batch.device_id,
            to_ms(batch.first_tried_at),
            to_ms(batch.created_at),
            owner,
            to_ms(lease_until),
            batch.fence,
            batch.heading,
            batch.direct_id,
            batch.stands_for,
        )
        for row in rows:
            if await self._conn.fetchval(_ASSIGN, row.id, batch.id) is None:
                raise Unavailable("Another host has taken these messages.")

    async def get(self, batch_id: str) -> Batch | None:
        """Return the batch."""
        row = await self._conn.fetchrow(_GET, batch_id)
        return None if row is None else _from_row(row)

    async def list_due(
        self, now: datetime, limit: int, channel: Channel = "team", *, wait_for_reports: bool = False
    ) -> list[Batch]:
        """Return a channel's open batches whose time has come and that nobody holds a lease on.

        Of a lane only the first is due: what was made before it has come to its end.
        """
        rows = await self._conn.fetch(_LIST_DUE, channel, int(wait_for_reports), to_ms(now), limit)
        return [_from_row(row) for row in rows]

    async def lease(self, batch: Batch, owner: str, until: datetime) -> int | None:
        """Take a due batch; return the new fence, None where somebody else was first."""
        fence: int | None = await self._conn.fetchval(_LEASE, batch.id, batch.fence, owner, to_ms(until))
        return fence

    async def let_go(self, batch: Batch) -> None:
        """Give up the lease of a batch that was not tried."""
        await self._conn.execute(_LET_GO, batch.id, batch.fence)

    async def take_over(self, owner: str) -> None:
        """End the leases that this host's former process held when it died."""
        await self._conn.execute(_TAKE_OVER, owner)

    async def get_next_due(
        self, channel: Channel = "team", *, wait_for_reports: bool = False
    ) -> datetime | None:
        """Return when a channel's next open batch may be taken that does not wait for another one."""
        return from_ms_or_none(await self._conn.fetchval(_NEXT_DUE, channel, int(wait_for_reports)))

    async def start_attempt(self, batch: Batch, device_id: str, at: datetime) -> int | None:
        """Begin a new attempt under new transaction ids; return its number, None where the lease is lost.

        What is in the room already counts for the new attempt.
        """
        attempt: int | None = await self._conn.fetchval(
            _START_ATTEMPT, batch.id, batch.fence, device_id, to_ms(at)
        )
        if attempt is not None:
            await self._conn.execute(_CARRY_PARTS, batch.id, attempt)
        return attempt

    async def put_off(self, batch: Batch, until: datetime, error: str) -> None:
        """Let go of a batch that could not be sent, to be tried again at `until`."""
        await self._conn.execute(_PUT_OFF, batch.id, batch.fence, to_ms(until), error)

    async def end(self, batch: Batch, state: str, error: str | None = None) -> bool:
        """Close a batch without sending it, as `failed`, or `delivered` where nobody is in Matrix.

        False: the lease is lost.
        """
        ended = await self._conn.fetchval(_END, batch.id, batch.fence, state, error) is not None
        await self.tell_of(batch.id)
        return ended

    async def get_last_id(self) -> str | None:
        """Return the highest id there is."""
        last_id: str | None = await self._conn.fetchval(_GET_LAST_ID)
        return last_id

    async def get_state(self, batch_id: str) -> str | None:
        """Return the state of a batch."""
        state: str | None = await self._conn.fetchval(_GET_STATE, batch_id)
        return state

    async def list_parts(self, batch_id: str) -> dict[int, Part]:
        """Return the newest post of each part of a batch."""
        rows = await self._conn.fetch(_LIST_PARTS, batch_id)
        return {row["part"]: Part(attempt=row["attempt"], status=row["status"]) for row in rows}

    async def get_reason(self, batch_id: str) -> str | None:
        """Return what the bridge said last of a part that it could not deliver."""
        rows = await self._conn.fetch(_LIST_PARTS, batch_id)
        return next((row["reason"] for row in reversed(rows) if row["reason"]), None)

    async def set_sent(self, batch_id: str, at: datetime) -> None:
        """Note that all parts are in the room."""
        await self._conn.execute(_SET_SENT, batch_id, to_ms(at))
        await self.tell_of(batch_id)

    async def set_delivered(self, batch_id: str, at: datetime) -> None:
        """Note that all parts are in the group."""
        await self._conn.execute(_SET_DELIVERED, batch_id, to_ms(at))
        await self.tell_of(batch_id)

    async def set_failed(self, batch_id: str, error: str | None) -> bool:
        """Give a batch up; False where it was taken back meanwhile."""
        failed = await self._conn.fetchval(_SET_FAILED, batch_id, error) is not None
        await self.tell_of(batch_id)
        return failed

    async def send_again(self, batch_id: str, now: datetime, pause: timedelta, error: str | None) -> None:
        """Make a batch due again after `pause`, as a new attempt; a lease on it is void."""
        await self._conn.execute(_SEND_AGAIN, batch_id, to_ms(now), to_ms(now + pause), error)
        await self.tell_of(batch_id)

    async def release_held(self, customer_id: str, now: datetime) -> int:
        """Put what a block held of a customer for the group on its way; return how many batches."""
        released = await self._conn.fetch(_RELEASE_HELD, customer_id, to_ms(now))
        for row in released:
            await self.tell_of(row["id"], "reply.released")
        return len(released)

    async def release(self, batch_id: str, now: datetime) -> bool:
        """Put a batch that a block holds on its way, whether the block runs or not; False: it is not held."""
        released = await self._conn.fetchval(_RELEASE_ONE, batch_id, to_ms(now)) is not None
        await self.tell_of(batch_id, "reply.released" if released else None)
        return released

    async def drop_held(self, batch_id: str) -> bool:
        """Let a batch that a block holds never be sent; False: it is not held."""
        dropped = await self._conn.fetchval(_DROP_HELD, batch_id) is not None
        await self.tell_of(batch_id, "reply.dropped" if dropped else None)
        return dropped

    async def expire_unconfirmed(self, sent_before: datetime) -> list[Batch]:
        """Stop waiting for a word on what was sent by then, and return it."""
        expired = [_from_row(row) for row in await self._conn.fetch(_EXPIRE, to_ms(sent_before))]
        for batch in expired:
            await self.tell_of(batch.id)
        return expired

    async def tell_of(self, batch_id: str, held: TeamEventType | None = None) -> None:
        """Tell the team that the messages in a batch stand elsewhere on their way now.

        `held`: what was decided about one that was held. That it is held is told by its messages alone, so
        that the relay does no more for a blocked customer than for others.
        """
        rows = await self._conn.fetch(_LIST_MESSAGES, batch_id)
        for row in rows:
            self._events.note(
                "message.delivery",
                ticket=row["ticket"],
                message_id=row["id"],
                moderator_id=row["moderator_id"],
            )
        if held is not None and rows:
            first = rows[0]
            self._events.note(
                held, ticket=first["ticket"], object_id=batch_id, moderator_id=first["moderator_id"]
            )

    async def get_oldest_unconfirmed(self, *, stand_ins: bool = True) -> datetime | None:
        """Return when the batch was sent that has waited longest for a word."""
        return from_ms_or_none(await self._conn.fetchval(_OLDEST_UNCONFIRMED, int(stand_ins)))

    async def bridge_reports(self) -> bool:
        """Tell whether the bridge is known to report what it delivered."""
        return int(await self._conn.fetchval(_GET_SILENT)) < SILENT_BATCHES

    async def note_silence(self, batches: int) -> None:
        """Count batches of which the bridge said nothing."""
        await self._conn.execute(_ADD_SILENT, batches)

    async def note_report(self, now: datetime) -> None:
        """Note that the bridge reports.

        What it said nothing of while it did not report is left as it is: neither waited for nor shown.
        After a silence the bot's own words go out again: twice they do no harm, and a notice of what a
        stopped bridge has dropped may itself have been dropped by it.
        """
        silent = int(await self._conn.fetchval(_GET_SILENT))
        if silent >= SILENT_BATCHES:
            await self._conn.execute(_LEAVE_UNREPORTED)
        if silent:
            await self._conn.execute(_HEARD)
            await self._conn.execute(_SAY_AGAIN, ANSWERS, to_ms(now))

    async def count_undelivered(self) -> dict[str, int]:
        """Return how many batches are `failed` and `unconfirmed`."""
        return {row["state"]: row["number"] for row in await self._conn.fetch(_COUNT_BY_STATE)}

    async def get_last_of_ticket(self, ticket: int) -> Batch | None:
        """Return the ticket's newest batch of a customer's messages that went to the room."""
        row = await self._conn.fetchrow(_LAST_OF_TICKET, ticket)
        return None if row is None else _from_row(row)

    async def list_undelivered_of_ticket(self, ticket: int) -> list[Batch]:
        """Return what failed or was never confirmed, oldest first."""
        rows = await self._conn.fetch(_LIST_UNDELIVERED, ticket, console_lane(ticket))
        return [_from_row(row) for row in rows]

    async def get_of_message(self, message_id: str) -> Batch | None:
        """Return the batch that a message went into."""
        row = await self._conn.fetchrow(_GET_OF_MESSAGE, message_id)
        return None if row is None else _from_row(row)

    async def get_last_event(self, batch_id: str) -> str | None:
        """Return the id of the room event that carries the last part of a batch."""
        event_id: str | None = await self._conn.fetchval(_LAST_EVENT, batch_id)
        return event_id
