"""Searching at the console: tickets by what was said in them, who wrote, or their number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...db.database import Database
from ...db.search import TOP, Hit
from ...db.transaction import Transaction
from ...domain.desk import TicketFilter, TicketItem
from ...domain.words import Terms, read_number, read_terms
from ..ports import Clock

_AT_ONCE = 200
_ROUNDS = 5
"""So often the index is asked for one page; a filter that lets little through makes a short page then."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """A ticket that was found, and by what."""

    item: TicketItem
    hit: Hit | None
    """None: by its number."""


@dataclass(frozen=True, kw_only=True)
class MatchPage:
    """What was found, the newest first, each ticket once."""

    matches: tuple[Match, ...]
    next: int | None
    """There may be more beyond this entry of the index."""


class SearchDesk:
    """Searches the team's conversations; nobody's private ones, and no notes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def search(self, text: str, wanted: TicketFilter, after: int | None, limit: int) -> MatchPage:
        """Return what has all the words of a text, the last of which may be the beginning of one."""
        now, terms = self._clock.now(), read_terms(text)
        async with self._database.snapshot() as tx:
            found: dict[int, Hit | None] = {}
            if after is None:
                found |= await self._find_number(tx, text, wanted, now)
            following = None
            if terms is not None:
                following = await self._collect(tx, terms, wanted, found, after or TOP, limit, now)
            items = {item.number: item for item in await tx.listing.list_items(list(found), now)}
        matches = tuple(Match(item=items[number], hit=hit) for number, hit in found.items())
        return MatchPage(matches=matches, next=following)

    @staticmethod
    async def _find_number(
        tx: Transaction, text: str, wanted: TicketFilter, now: datetime
    ) -> dict[int, Hit | None]:
        number = read_number(text)
        if number is None or not await tx.listing.is_wanted(number, wanted, now):
            return {}
        return {number: None}

    @staticmethod
    async def _collect(
        tx: Transaction,
        terms: Terms,
        wanted: TicketFilter,
        found: dict[int, Hit | None],
        before: int,
        limit: int,
        now: datetime,
    ) -> int | None:
        """Add the next tickets to `found`; return where to go on, None at the end."""
        # Most often the first few are enough; further ones are looked at in larger steps.
        at_once = min(2 * limit, _AT_ONCE)
        for _ in range(_ROUNDS):
            entries = await tx.search.find(terms, before, at_once)
            hits = await tx.search.read_hits(entries, wanted, now)
            for hit in hits:
                if hit.ticket not in found and len(found) >= limit:
                    return before
                found.setdefault(hit.ticket, hit)
                before = hit.entry
            if len(entries) < at_once:
                return None
            before, at_once = entries[-1], _AT_ONCE
            if len(found) >= limit:
                break
        return before
