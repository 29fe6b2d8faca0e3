"""What the moderators' streams tell: each event with what it is about, as that is now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ...db.blocks import BlockEntry
from ...db.database import Database
from ...db.team_events import TeamEvent, TeamEventPage
from ...db.transaction import Transaction
from ...domain.desk import CustomerLine, Delivery, TeamNote, TicketItem
from ...domain.model import Message, Moderator
from ..health import Health, HealthService
from ..ports import Clock
from .access import Caller
from .held import HeldDesk, HeldView
from .records import RecordService, Stranger


@dataclass(frozen=True, kw_only=True)
class MessageNews:
    """A message, how far it has got, and whose it is."""

    message: Message
    delivery: Delivery
    ticket: TicketItem | None
    customer: CustomerLine


@dataclass(frozen=True, kw_only=True)
class BlockNews:
    """A block; `blocked`: its customer is so now."""

    entry: BlockEntry
    blocked: bool


@dataclass(frozen=True, kw_only=True)
class HeldNews:
    """What is held, or was; `blocked`: its customer is so now."""

    view: HeldView
    blocked: bool


@dataclass(frozen=True, kw_only=True)
class CustomerNews:
    """A customer who was erased, or whose conversation is another one's now."""

    customer_id: str


@dataclass(frozen=True)
class Bare:
    """Nothing: the type says all."""


About = MessageNews | TicketItem | TeamNote | BlockNews | Stranger | HeldNews | Health | CustomerNews | Bare


@dataclass(frozen=True, kw_only=True)
class TeamNews:
    """One event of a moderator's stream."""

    number: int
    type: str
    about: About


@dataclass(frozen=True, kw_only=True)
class TeamNewsPage:
    """What a stream tells next, of one snapshot."""

    news: tuple[TeamNews, ...] = ()
    cursor: int
    """From where to go on: also what others' private events have taken is behind it."""
    more: bool = False
    is_cut: bool = False
    """What came after the number asked for is not there any more: all is to be loaded anew."""
    ended: bool = False
    """The token is void, or its moderator is not on the allow-list any more."""


class TeamEventService:
    """Reads what happened for one moderator at a time."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        health: HealthService,
        held: HeldDesk,
        records: RecordService,
    ) -> None:
        self._database, self._clock, self._health = database, clock, health
        self._held, self._records = held, records

    async def get_last(self) -> int:
        """Return the newest number."""
        async with self._database.snapshot() as tx:
            return await tx.team_events.get_last()

    async def read(self, caller: Caller, after: int, limit: int) -> TeamNewsPage:
        """Return what happened after a number, but for what is private to somebody else."""
        health: Health | None = None
        async with self._database.snapshot() as tx:
            token = await tx.access.get(caller.token_id)
            if token is None:
                return TeamNewsPage(cursor=after, ended=True)
            page = await tx.team_events.read(after, limit)
            if page.is_cut:
                return TeamNewsPage(cursor=page.last, is_cut=True)
            seen = [(number, event) for number, event in page.events if _may_see(token.moderator, event)]
            found = await self._look_up(tx, token.moderator, [event for _, event in seen])
        if any(event.type == "health.changed" for _, event in seen):
            health = await self._health.get_health()
        news = []
        for number, event in seen:
            about = health if event.type == "health.changed" else found.get(event)
            # What it was about may be gone: an old block is forgotten.
            if about is not None:
                news.append(TeamNews(number=number, type=event.type, about=about))
        return TeamNewsPage(news=tuple(news), cursor=_cursor(page, after), more=len(page.events) == limit)

    async def _look_up(
        self, tx: Transaction, viewer: Moderator, events: Sequence[TeamEvent]
    ) -> Mapping[TeamEvent, About]:
        now = self._clock.now()
        messages = await tx.conversations.get_messages({e.message_id for e in events if e.message_id})
        numbers = {m.ticket for m in messages.values()} | {e.ticket for e in events if _is(e, "ticket")}
        items = await tx.listing.list_items(sorted(number for number in numbers if number), now)
        tickets = {item.number: item for item in items}
        told = await self._look_at_messages(tx, viewer, messages.values(), tickets)
        blocked = (
            await tx.blocks.list_blocked(now) if any(_is(e, "block", "reply") for e in events) else set()
        )
        found: dict[TeamEvent, About] = {}
        for event in events:
            about: About | None
            if event.message_id is not None:
                about = told.get(event.message_id)
            elif _is(event, "ticket"):
                about = tickets.get(event.ticket or 0)
            else:
                about = await self._look_at(tx, viewer, event, blocked)
            if about is not None:
                found[event] = about
        return found

    async def _look_at_messages(
        self,
        tx: Transaction,
        viewer: Moderator,
        messages: Collection[Message],
        tickets: Mapping[int, TicketItem],
    ) -> Mapping[str, MessageNews]:
        deliveries = await tx.listing.get_delivery([message.id for message in messages])
        ids = [message.customer_id for message in messages]
        customers = await tx.listing.list_customers(ids, self._clock.now())
        return {
            message.id: MessageNews(
                message=message,
                delivery=deliveries[message.id],
                ticket=tickets.get(message.ticket or 0),
                customer=customers[message.customer_id],
            )
            for message in messages
            # Once more by what the message itself says: nothing private may ever go elsewhere.
            if message.moderator_id in (None, viewer.id)
        }

    async def _look_at(
        self, tx: Transaction, viewer: Moderator, event: TeamEvent, blocked: Collection[str]
    ) -> About | None:
        """Return one of those things that there are few of."""
        object_id = event.object_id or ""
        if _is(event, "note"):
            return await tx.notes.get(object_id)
        if _is(event, "block"):
            entry = await tx.blocks.get_entry(object_id, viewer.id)
            return BlockNews(entry=entry, blocked=entry.customer.id in blocked) if entry else None
        if _is(event, "reply"):
            view = await self._held.get(tx, object_id, viewer)
            return HeldNews(view=view, blocked=view.entry.customer.id in blocked) if view else None
        if _is(event, "stranger"):
            return await self._records.get_stranger(tx, object_id)
        if _is(event, "customer"):
            return CustomerNews(customer_id=object_id)
        return Bare()


def _may_see(viewer: Moderator, event: TeamEvent) -> bool:
    return event.moderator_id in (None, viewer.id)


def _is(event: TeamEvent, *kinds: str) -> bool:
    return event.type.partition(".")[0] in kinds


def _cursor(page: TeamEventPage, after: int) -> int:
    return page.events[-1][0] if page.events else after
