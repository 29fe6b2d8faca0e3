"""Which batches are due: former ones to be tried again, and new ones made of waiting rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from logging import Logger

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.blocks import is_held
from ..domain.delivery import SILENT_BATCHES
from ..domain.model import ANSWERS, UNHEARD, Batch, Channel, OutboxRow, is_console_lane, is_own_lane, role_of
from ..domain.pace import WINDOW, Budget
from ..domain.posts import console_heading, fits_one_post, heading, join_and_split
from .ids import new_ulid
from .marks import Mark, find_mark, note_mark
from .notices import say_to_team
from .ports import Clock, GetSettings, MatrixGateway
from .quiet_room import QuietRoom, make_stand_in
from .room import SupportRoom

LEASE = timedelta(seconds=60)
"""Longer than a batch can be under way; only a host that died lets one run out."""

_OTHER_HOST = timedelta(milliseconds=50)
"""How long another host may be busy with what is due."""

_MOST_JOINED = 20
"""Rows looked at for one post."""

_MOST_LANES = 50
"""Lanes looked at in one turn."""


# It may well have arrived, so sending it again is for a person to decide.
_NOT_CONFIRMED = (
    "⚠ #{ticket}: the bridge did not confirm a message."
    " If it is not here, reply /resend to a message of that ticket."
)


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """What is to be sent of a lane."""

    rows: Sequence[OutboxRow]
    parts: tuple[str, ...]
    held: bool = False
    heading: str | None = None
    mark: Mark | None = None


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where it goes, and what is known of the way."""

    room_id: str | None
    """The support room; None for direct conversations, each of which has its own."""
    device_id: str
    quiet_room_id: str | None
    """Where stand-ins go."""
    reports: bool
    """The bridge says what it delivered."""
    sending: Sequence[str]
    """Batches on their way to the room, behind which the next of their lanes may be made."""


class BatchMaker:
    """Takes due batches of one channel out of the database, each with a lease for this host.

    Those of direct conversations take nothing of the group's minute, and wait for no word of the bridge.
    """

    def __init__(
        self,
        *,
        channel: Channel,
        database: Database,
        gateway: MatrixGateway,
        room: SupportRoom,
        quiet_room: QuietRoom,
        clock: Clock,
        settings: GetSettings,
        host: str,
        log: Logger,
    ) -> None:
        self._channel, self._quiet_room = channel, quiet_room
        self._database, self._gateway, self._room = database, gateway, room
        self._clock, self._settings, self._host, self._log = clock, settings, host, log

    async def take_over(self) -> None:
        """Make due what this host held before it was ended."""
        async with self._database.transaction() as tx:
            await tx.batches.take_over(self._host)

    async def renew(self, batch: Batch) -> Batch | None:
        """Lease a batch anew before it is sent; None where it was taken back, or by another host."""
        async with self._database.transaction() as tx:
            fence = await tx.batches.lease(batch, self._host, self._clock.now() + LEASE)
        return None if fence is None else replace(batch, fence=fence)

    async def take_batches(
        self,
        slots: int,
        under_way: Collection[str] = (),
        *,
        ahead: int = 0,
        most: int = _MOST_LANES,
        sending: Sequence[str] = (),
    ) -> tuple[list[Batch], datetime | None]:
        """Return at most `slots` leased batches, and when the next may be due; None: not before a wake-up.

        What is under way here is none of them, whatever the clock says of its lease.
        `ahead`: so many more, where nothing is won by waiting, and also of a lane whose former batch is on
        its way to the room right now, as one of `sending`. `most`: of both together.
        """
        # Direct conversations wait for the support room, too: it must be known which room is not theirs.
        room_id = self._room.room_id
        # Where posts are counted, what waits for its turn joins what comes meanwhile.
        per_minute = self._settings().relay.per_minute if self._channel == "team" else 0
        ahead = ahead if per_minute == 0 else 0
        if room_id is None or slots + ahead <= 0:
            return [], None
        device_id = await self._gateway.get_device_id()
        now = self._clock.now()
        # Where very many write at once, the homeserver would else have nothing to do until all have.
        async with self._database.transaction(urgent=True) as tx:
            if not await tx.batches.lock_making():
                return [], now + _OTHER_HOST
            reports = self._channel == "team" and await tx.batches.bridge_reports()
            silent_at = await self._stop_waiting_for_reports(tx, now) if reports else None
            # What a bridge may refuse holds up what comes after it.
            ahead = 0 if reports else ahead
            slots = min(max(slots + ahead, 0), most)
            budget = await self._get_budget(tx, now, slots, per_minute, reports=reports)
            batches = await self._take_due(tx, budget, now, slots, under_way, reports)
            place = _Place(
                room_id=room_id if self._channel == "team" else None,
                device_id=device_id,
                quiet_room_id=self._quiet_room.room_id,
                reports=reports,
                sending=sending if ahead else (),
            )
            next_ready = await self._make_new(tx, budget, batches, place, now)
            next_due = await tx.batches.get_next_due(self._channel, wait_for_reports=reports)
        # What is due but did not fit waits for the minute, not for its own time, which is past.
        nexts = [budget.next_free_at if budget.is_spent else next_ready, next_due, silent_at]
        return batches, min((at for at in nexts if at and (at > now or not budget.is_spent)), default=None)

    async def _stop_waiting_for_reports(self, tx: Transaction, now: datetime) -> datetime | None:
        """Let conversations go on of which the bridge says nothing; return when the next one may."""
        timeout = self._settings().relay.status_timeout
        silent = 0
        for batch in await tx.batches.expire_unconfirmed(now - timeout):
            if role_of(batch) != "stand-in":
                self._log.warning("Ticket #%s: the bridge said nothing of batch %s", batch.ticket, batch.id)
            silent += role_of(batch) in ("post", "reply")
            if role_of(batch) == "post":
                text = _NOT_CONFIRMED.format(ticket=batch.ticket)
                await say_to_team(tx, now, text, customer_id=batch.customer_id, ticket=batch.ticket)
        if silent:
            await tx.batches.note_silence(silent)
            if not await tx.batches.bridge_reports():
                self._log.warning(
                    "%d batches in a row without a word: this bridge does not report", SILENT_BATCHES
                )
        oldest = await tx.batches.get_oldest_unconfirmed()
        return oldest and oldest + timeout

    @staticmethod
    async def _get_budget(
        tx: Transaction, now: datetime, slots: int, per_minute: int, *, reports: bool
    ) -> Budget:
        if per_minute == 0:
            return Budget(batches=slots, per_minute=0)
        return Budget(
            batches=slots,
            per_minute=per_minute,
            # A post may be noted while this turn waits for the database; what is of a time yet to come by
            # more than that was sent before the clock was set back.
            sent=await tx.pace.list_sent(now - WINDOW, now + WINDOW, reports=reports),
            on_their_way=await tx.pace.count_posts_on_their_way(now, reports=reports),
        )

    async def _take_due(
        self,
        tx: Transaction,
        budget: Budget,
        now: datetime,
        slots: int,
        under_way: Collection[str],
        reports: bool,
    ) -> list[Batch]:
        """Lease batches that were made before: to be tried again, or left by a host that died."""
        taken = []
        most = slots + len(under_way)
        due = await tx.batches.list_due(now, most, self._channel, wait_for_reports=reports)
        for batch in [batch for batch in due if batch.id not in under_way]:
            if not budget.take(_posts(batch)):
                break
            fence = await tx.batches.lease(batch, self._host, now + LEASE)
            if fence is not None:
                taken.append(replace(batch, fence=fence))
        return taken

    async def _make_new(
        self,
        tx: Transaction,
        budget: Budget,
        batches: list[Batch],
        place: _Place,
        now: datetime,
    ) -> datetime | None:
        """Add new batches of waiting rows to `batches`; return when the first that is not ready will be."""
        next_ready = last_id = None
        heads = await tx.outbox.list_heads(
            _MOST_LANES, wait_for_reports=place.reports, channel=self._channel, behind=place.sending
        )
        for lane, since in heads:
            # Nothing is gained by letting what is not joined wait for more.
            goes_alone = is_own_lane(lane) or is_console_lane(lane)
            ready_at = since if goes_alone else since + self._settings().relay.join_within
            # What is of a time to come was written before the clock was set back.
            if since <= now < ready_at:
                next_ready = min(next_ready or ready_at, ready_at)
                continue
            draft = await self._draft(tx, lane, place, now)
            if draft is None:
                continue
            last_id = last_id or await tx.batches.get_last_id()
            batch = _batch(draft, lane, place, now, after=last_id)
            if not budget.take(_posts(batch)):
                break
            await tx.batches.add(batch, list(draft.rows), self._host, now + LEASE)
            stand_in = make_stand_in(batch, place.quiet_room_id, now)
            last_id = stand_in.id
            stands_in = await tx.stand_ins.add(batch, stand_in)
            if draft.mark and batch.ticket:
                await note_mark(tx, batch.ticket, draft.mark)
            if batch.held and not stands_in:
                await tx.batches.tell_of(batch.id)
            else:
                batches.append(stand_in if stands_in else batch)
        return next_ready

    async def _draft(self, tx: Transaction, lane: str, place: _Place, now: datetime) -> _Draft | None:
        rows = await tx.outbox.list_rows(lane, _MOST_JOINED)
        if lane == UNHEARD:
            if place.quiet_room_id is None:
                await tx.outbox.drop_waiting(lane)
                return None
            return _Draft(rows=rows[:1], parts=(rows[0].text,))
        if lane == ANSWERS or (is_own_lane(lane) and self._channel == "direct"):
            return _Draft(rows=rows[:1], parts=(rows[0].text,))
        if is_own_lane(lane):
            mark = rows[0].ticket and await find_mark(tx, rows[0].ticket)
            if not mark:
                await tx.outbox.drop_waiting(lane)
                return None
            return _Draft(rows=rows, parts=(mark.body,), mark=mark)
        if is_console_lane(lane):
            return await self._show(tx, rows[0])
        return await self._join(tx, rows, now)

    @staticmethod
    async def _show(tx: Transaction, row: OutboxRow) -> _Draft:
        """Show the group what a moderator answered: one at a time, as a Reply to it is about that answer."""
        message = await tx.conversations.get_message(row.id)
        assert message and message.ticket  # noqa: S101, PT018 - it is such a message's own row
        head = console_heading(message.ticket, message.author.name or "")
        return _Draft(rows=[row], parts=join_and_split(head, [row.text]), heading=head)

    @staticmethod
    async def _join(tx: Transaction, rows: Sequence[OutboxRow], now: datetime) -> _Draft:
        """Join what goes as one: messages of one ticket that a block holds, or does not hold, alike."""
        first = rows[0]
        customer = first.customer_id and await tx.sessions.get_customer(first.customer_id)
        assert customer  # noqa: S101 - every lane but the bot's own is a customer's
        blocks = await tx.blocks.list_not_over_before(customer.id, first.created_at)
        held = is_held(blocks, first.created_at, now)
        head = heading(first.ticket, customer)
        taken = [first]
        for row in rows[1:]:
            alike = row.ticket == first.ticket and is_held(blocks, row.created_at, now) == held
            if not alike or not fits_one_post(head, [r.text for r in (*taken, row)]):
                break
            taken.append(row)
        parts = join_and_split(head, [row.text for row in taken])
        return _Draft(rows=taken, parts=parts, held=held, heading=head)


def _batch(draft: _Draft, lane: str, place: _Place, now: datetime, *, after: str | None) -> Batch:
    """Return a new batch, with an id after all others: those of one lane go in the order of their ids."""
    batch_id, is_unheard = new_ulid(now, after=after), lane == UNHEARD
    return Batch(
        id=batch_id,
        lane=lane,
        customer_id=draft.rows[0].customer_id,
        ticket=draft.rows[0].ticket,
        room_id=place.quiet_room_id if is_unheard else place.room_id,
        stands_for=batch_id if is_unheard else None,
        parts=draft.parts,
        part_count=len(draft.parts),
        held=draft.held,
        edits=draft.mark.event_id if draft.mark else None,
        attempt=1,
        tries=0,
        device_id=place.device_id,
        first_tried_at=now,
        fence=1,
        created_at=now,
        heading=draft.heading,
        direct_id=draft.rows[0].direct_id,
    )


def _posts(batch: Batch) -> int:
    """Return how many messages of the group's minute a batch takes."""
    return 0 if batch.held or batch.stands_for is not None else batch.part_count
