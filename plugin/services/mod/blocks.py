"""Blocks, at the console: listed, made, changed and lifted by the same rules as in the rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...db.blocks import BlockEntry
from ...db.database import Database
from ...db.transaction import Transaction
from ...domain.blocks import block_length, is_allowed
from ...domain.commands import Command
from ...domain.durations import format_duration
from ...domain.errors import Conflict, Forbidden, Invalid, NotFound
from ...domain.model import Block, Moderator, Target
from .. import block_acts
from ..block_acts import BlockChange
from ..moderation import say_end
from ..notices import say_to_team
from ..ports import Clock, GetSettings

_OVER = "This block has ended."


@dataclass(frozen=True, kw_only=True)
class BlockView:
    """A block, and how its customer stands now."""

    entry: BlockEntry
    is_blocked: bool
    """The customer is blocked, by this block or by another."""


@dataclass(frozen=True, kw_only=True)
class BlockPage:
    """Blocks, the newest first."""

    items: tuple[BlockView, ...]
    next: str | None


class BlockDesk:
    """Blocks by id; a copy, which holds whom a blocked customer signed in as, goes with its original."""

    def __init__(
        self, *, database: Database, clock: Clock, settings: GetSettings, wake_relay: Callable[[], None]
    ) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._wake_relay = wake_relay

    async def list_page(
        self, viewer: Moderator, *, active: bool | None, before: str | None, limit: int
    ) -> BlockPage:
        """Return blocks: all, or those that run, or those that are over."""
        now = self._clock.now()
        async with self._database.snapshot() as tx:
            found = await tx.blocks.list_page(now, viewer.id, active=active, before=before, limit=limit + 1)
            items = await self._view(tx, found[:limit])
        return BlockPage(items=items, next=found[limit - 1].block.id if len(found) > limit else None)

    async def add(
        self, by: Moderator, customer_id: str, wish: Command, *, is_private: bool = False
    ) -> BlockView:
        """Block a customer as `/block` or `/timeout` would; return the block.

        `is_private`: it is made in the moderator's own conversation with the customer, so that nobody else
        learns the reason, and the group nothing at all.

        Raises:
            NotFound: there is no such customer any more, or no such conversation.
            Invalid: it would last longer than is allowed.
        """
        rules = self._settings().blocks
        if (wish.forever or wish.length) and not is_allowed(None if wish.forever else wish.length, rules):
            raise self._too_long("duration")
        length = None if wish.forever else block_length(wish.length, rules)
        now = self._clock.now()
        async with self._database.transaction() as tx:
            target = await self._find_target(tx, by, customer_id, is_private=is_private)
            block = await block_acts.block(
                tx,
                by,
                target,
                kind="timeout" if wish.verb == "timeout" else "block",
                length=length,
                reason=wish.text,
                at=now,
            )
            await self._announce(tx, by, target, say_end(block.expires_at))
            made = await self._show(tx, block, by)
        self._wake_relay()
        return made

    async def change(self, by: Moderator, block_id: str, wish: BlockChange) -> BlockView:
        """Let a running block end at another time, or give it another reason.

        Raises:
            NotFound: there is no such block.
            Conflict: it is over.
            Invalid: the end is past, or further away than a new block's might be.
            Forbidden: its reason is known to one moderator alone, and that is somebody else.
        """
        now, rules = self._clock.now(), self._settings().blocks
        if wish.expires_at is not None and wish.expires_at <= now:
            raise Invalid("expires_at must be in the future.", field="expires_at")
        length = None if wish.expires_at is None else wish.expires_at - now
        if wish.has_end and not is_allowed(length, rules):
            raise self._too_long("expires_at")
        async with self._database.transaction() as tx:
            block, target = await self._get(tx, block_id)
            if wish.has_reason and block.direct_id and block.by_id != by.id:
                raise Forbidden("The reason of this block is private.")
            changed = await block_acts.change(tx, by, target, block, wish, now)
            if changed is None:
                raise Conflict(_OVER)
            if changed.expires_at != block.expires_at:
                await self._announce(tx, by, target, say_end(changed.expires_at))
            shown = await self._show(tx, changed, by)
        self._wake_relay()
        return shown

    async def lift(self, by: Moderator, block_id: str) -> BlockView:
        """End a block with its copies.

        Raises:
            NotFound: there is no such block.
            Conflict: it is over.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            block, target = await self._get(tx, block_id)
            if not await block_acts.lift(tx, by, target, block, now):
                raise Conflict(_OVER)
            await self._announce(tx, by, target, "unblocked")
            lifted = await self._show(tx, block, by)
        self._wake_relay()
        return lifted

    def _too_long(self, field: str) -> Invalid:
        longest = self._settings().blocks.longest
        assert longest is not None  # noqa: S101 - without one nothing is too long
        text = format_duration(longest)
        return Invalid(f"A block may last {text}, and no longer.", field=field, longest=text)

    @staticmethod
    async def _find_target(tx: Transaction, by: Moderator, customer_id: str, *, is_private: bool) -> Target:
        customer = (await tx.joining.lock(customer_id, customer_id)).get(customer_id)
        if customer is None or await tx.sessions.is_erased(customer_id):
            raise NotFound("There is no such customer.", field="customer")
        direct = await tx.directs.find(customer_id, by.id) if is_private else None
        if is_private and direct is None:
            raise NotFound("You have no private conversation with this customer.", field="private")
        return Target(
            customer_id=customer_id,
            ticket=None if direct else customer.ticket,
            message_id=None,
            direct_id=None if direct is None else direct.id,
        )

    @staticmethod
    async def _get(tx: Transaction, block_id: str) -> tuple[Block, Target]:
        block = await tx.blocks.get(block_id)
        if block is None:
            raise NotFound
        await tx.conversations.lock(block.customer_id)
        customer = await tx.sessions.get_customer(block.customer_id)
        assert customer is not None  # noqa: S101 - a foreign key says so
        return block, Target(
            customer_id=customer.id,
            ticket=None if block.direct_id else customer.ticket,
            message_id=None,
            direct_id=block.direct_id,
        )

    async def _announce(self, tx: Transaction, by: Moderator, target: Target, what: str) -> None:
        """Say in the group what it would be told of a command, and who did it, as no command stands there."""
        if target.ticket is None or not self._settings().block_habits.announce_in_room:
            return
        text = f"✓ #{target.ticket} {what} · {by.name} (console)"
        await say_to_team(tx, self._clock.now(), text, customer_id=target.customer_id, ticket=target.ticket)

    async def _show(self, tx: Transaction, block: Block, by: Moderator) -> BlockView:
        entry = await tx.blocks.get_entry(block.id, by.id)
        assert entry is not None  # noqa: S101 - it was just written
        return (await self._view(tx, [entry]))[0]

    async def _view(self, tx: Transaction, entries: Sequence[BlockEntry]) -> tuple[BlockView, ...]:
        blocked = await tx.blocks.list_blocked(self._clock.now())
        return tuple(BlockView(entry=entry, is_blocked=entry.customer.id in blocked) for entry in entries)
