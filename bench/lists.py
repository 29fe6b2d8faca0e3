"""How long moderators' lists and searches take on a large desk, beside a small one."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from mautrix.util.async_db import Database as MautrixDatabase

from bench.large_desk import BEGINNING, COMMON, MESSAGES_PER_TICKET, RARE, fill
from plugin.db.database import Database
from plugin.db.migrations import upgrade_table
from plugin.domain.desk import Sort, TicketFilter, TicketPlace
from plugin.services.clock import SystemClock
from plugin.services.mod.conversation import ConversationDesk
from plugin.services.mod.search import SearchDesk
from stack.postgres import Postgres

_PAGE = 100
_ROUNDS = 15
_SMALL = 100

_LISTS: dict[str, tuple[TicketFilter, Sort]] = {
    "all": (TicketFilter(), "activity"),
    "all, longest waiting": (TicketFilter(), "waiting"),
    "all, by number": (TicketFilter(), "number"),
    "open": (TicketFilter(status="open"), "activity"),
    "waiting for us": (TicketFilter(waiting="team"), "waiting"),
    "waiting, latest": (TicketFilter(waiting="team"), "activity"),
    "waiting for them": (TicketFilter(waiting="customer"), "activity"),
    "mine": (TicketFilter(assignee="moderator7"), "activity"),
    "mine and open": (TicketFilter(status="open", assignee="moderator7"), "activity"),
    "unassigned": (TicketFilter(unassigned=True), "activity"),
    "blocked": (TicketFilter(blocked=True), "activity"),
    "closed": (TicketFilter(status="closed"), "activity"),
}
_SEARCHES: dict[str, tuple[str, TicketFilter]] = {
    "a rare word": (RARE, TicketFilter()),
    "a common word": (COMMON, TicketFilter()),
    "a beginning": (BEGINNING, TicketFilter()),
    "one letter": ("w", TicketFilter()),
    "two words": (f"{COMMON} x77", TicketFilter()),
    "words never together": (f"{RARE} y1", TicketFilter()),
    "common, mine": (COMMON, TicketFilter(assignee="moderator7")),
    "nothing": ("nosuchword", TicketFilter()),
}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _measure(act: Callable[[], Awaitable[object]]) -> float:
    """Return the median of some rounds, in milliseconds, after one that nobody counts."""
    await act()
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        await act()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def _get_page(
    database: Database, wanted: TicketFilter, sort: Sort, after: TicketPlace | None, now: datetime
) -> TicketPlace | None:
    async with database.snapshot() as tx:
        places = await tx.listing.list_places(wanted, sort, after=after, limit=_PAGE, now=now)
        await tx.listing.list_items([place.number for place in places], now)
    return places[-1] if len(places) == _PAGE else None


async def _measure_all(database: Database, tickets: int) -> dict[str, float]:
    clock, found = SystemClock(), {}
    search, conversation = SearchDesk(database, clock), ConversationDesk(database)
    for name, (wanted, sort) in _LISTS.items():
        get_page = partial(_get_page, database, wanted, sort, now=clock.now())
        found[f"list: {name}"] = await _measure(partial(get_page, None))
        after = await get_page(None)
        if after is not None:
            found[f"list: {name}, next page"] = await _measure(partial(get_page, after))
    for name, (text, wanted) in _SEARCHES.items():
        found[f"search: {name}"] = await _measure(partial(search.search, text, wanted, None, 50))
    read = partial(conversation.list_messages, tickets // 2, after=None, before=None, limit=_PAGE)
    found["messages of a ticket"] = await _measure(read)
    return found


@asynccontextmanager
async def _opened(url: str, tickets: int) -> AsyncIterator[Database]:
    inner = MautrixDatabase.create(url, upgrade_table=upgrade_table)
    await inner.start()
    try:
        began = time.perf_counter()
        await fill(inner, tickets)
        _say(f"  {tickets} tickets made in {time.perf_counter() - began:.1f} s")
        database = Database(inner)
        await database.prepare()
        yield database
    finally:
        await inner.stop()


async def _compare(engine: str, urls: tuple[str, str], tickets: int) -> None:
    few, many = _SMALL * MESSAGES_PER_TICKET, tickets * MESSAGES_PER_TICKET
    _say(f"{engine}: milliseconds at {few} and {many} messages")
    async with _opened(urls[0], _SMALL) as small:
        before = await _measure_all(small, _SMALL)
    async with _opened(urls[1], tickets) as large:
        for name, taken in (await _measure_all(large, tickets)).items():
            _say(f"  {name:<34}{before.get(name, 0.0):>8.2f}{taken:>9.2f}")


async def main(tickets: int) -> None:
    """Measure on both engines, and print each beside a small desk."""
    with tempfile.TemporaryDirectory(prefix="headset-lists-") as folder:
        files = tuple(f"sqlite:{folder}/{size}.db" for size in ("small", "large"))
        await _compare("SQLite", (files[0], files[1]), tickets)
    async with Postgres() as server:
        urls = (await server.create_database(), await server.create_database())
        await _compare("PostgreSQL", urls, tickets)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tickets", nargs="?", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().tickets))
