"""What is held, at the console: looked at, let go, or dropped for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...db.database import Database
from ...db.held_entries import HeldEntry
from ...db.transaction import Transaction
from ...domain.errors import Conflict, Forbidden, NotFound
from ...domain.model import Channel, Moderator, Target
from ..background import Worker
from ..block_acts import audit_block
from ..firewall import why_held
from ..held import DECIDED, HeldReplyService
from ..hub import Hub
from ..ports import Clock


@dataclass(frozen=True, kw_only=True)
class HeldView:
    """One of what is held, as a moderator sees it."""

    entry: HeldEntry
    why: str | None
    """Why a reply is held; a message is, because its customer is blocked."""
    can_release: bool


@dataclass(frozen=True, kw_only=True)
class HeldPage:
    """What waits, the newest first."""

    items: tuple[HeldView, ...]
    blocked: frozenset[str]
    """Those of its customers who are blocked."""
    next: str | None


class HeldDesk:
    """Team replies that ask for a secret, and customers' messages that a block keeps."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        held: HeldReplyService,
        hub: Hub,
        relays: Mapping[Channel, Worker],
    ) -> None:
        self._database, self._clock, self._held = database, clock, held
        self._hub, self._relays = hub, relays

    async def list_waiting(self, viewer: Moderator, before: str | None, limit: int) -> HeldPage:
        """Return what waits and this moderator may see."""
        async with self._database.snapshot() as tx:
            found = await tx.held_entries.list_waiting(viewer.id, before, limit + 1)
            items = [await self._view(tx, entry, viewer) for entry in found[:limit]]
            return await self._page(tx, items, items[-1].entry.id if len(found) > limit else None)

    async def _page(self, tx: Transaction, items: list[HeldView], following: str | None) -> HeldPage:
        blocked = await tx.blocks.list_blocked(self._clock.now())
        return HeldPage(
            items=tuple(items),
            blocked=frozenset(blocked & {item.entry.customer.id for item in items}),
            next=following,
        )

    async def get(self, tx: Transaction, held_id: str, viewer: Moderator) -> HeldView | None:
        """Return one of either kind, decided or not; None where there is none for this moderator."""
        entry = await tx.held_entries.get(held_id)
        if entry is None or not _may_see(entry, viewer):
            return None
        return await self._view(tx, entry, viewer)

    async def _view(self, tx: Transaction, entry: HeldEntry, viewer: Moderator) -> HeldView:
        can_release = entry.is_waiting
        if entry.kind == "reply" and entry.direct_id is None and entry.moderator_id is not None:
            can_release = can_release and await self._held.may_release(tx, entry.moderator_id, viewer)
        why = why_held(entry.text) if entry.kind == "reply" else None
        return HeldView(entry=entry, why=why, can_release=can_release)

    async def release(self, held_id: str, by: Moderator, *, confirmed: bool) -> HeldPage:
        """Send what is held after all: a reply to its customer, a message to the team or to `by`.

        Raises:
            NotFound, Conflict, Forbidden, Invalid: as HeldReplyService.release.
        """
        return await self._decide(held_id, by, release=True, confirmed=confirmed)

    async def drop(self, held_id: str, by: Moderator) -> HeldPage:
        """Let what is held never be sent; its customer sees nothing of that.

        Raises:
            NotFound, Conflict, Forbidden: as HeldReplyService.drop.
        """
        return await self._decide(held_id, by, release=False, confirmed=False)

    async def _decide(self, held_id: str, by: Moderator, *, release: bool, confirmed: bool) -> HeldPage:
        async with self._database.transaction() as tx:
            entry = await tx.held_entries.get(held_id)
            if entry is None:
                raise NotFound
            if not _may_see(entry, by):
                raise Forbidden("it was said in private, with somebody else")
            # Before anything else, as everybody does who then writes to a conversation.
            await tx.conversations.lock(entry.customer.id)
            if entry.kind == "message":
                await self._decide_message(tx, entry, by, release=release)
            elif release:
                await self._held.release(tx, held_id, by, confirmed=confirmed)
            else:
                await self._held.drop(tx, held_id, by)
            decided = await self.get(tx, held_id, by)
            assert decided is not None  # noqa: S101 - nothing is deleted
            page = await self._page(tx, [decided], None)
        if release:
            self._hub.wake(decided.entry.customer.id)
            self._relays["direct" if decided.entry.direct_id else "team"].wake()
        return page

    async def _decide_message(
        self, tx: Transaction, entry: HeldEntry, by: Moderator, *, release: bool
    ) -> None:
        now = self._clock.now()
        decided = await (tx.batches.release(entry.id, now) if release else tx.batches.drop_held(entry.id))
        if not decided:
            raise Conflict(DECIDED)
        target = Target(
            customer_id=entry.customer.id, ticket=entry.ticket, message_id=None, direct_id=entry.direct_id
        )
        action = "held.released" if release else "held.dropped"
        await audit_block(tx, by, target, action, now, {"batch": entry.id})


def _may_see(entry: HeldEntry, viewer: Moderator) -> bool:
    return entry.direct_id is None or entry.moderator_id == viewer.id
