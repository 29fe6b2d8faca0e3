"""No statement reads a whole table that grows, on either engine, whatever it has learnt of its rows."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from mautrix.util.async_db import Scheme

import plugin.db
from plugin.db.listing import ListingRepository
from plugin.db.search import SearchRepository
from plugin.domain.desk import Sort, TicketFilter, TicketPlace

_SCHEMA = {"schema", "desk_tables", "search_schema", "migrations"}

_SMALL = {
    "counter", "secret", "moderator", "moderator_token", "moderator_code", "canned_reply", "inbox_cursor",
    "room_replacement", "hint",
}  # fmt: skip
"""Tables that do not grow with what is written."""

_WAITING = {
    "batch_open", "batch_unconfirmed", "batch_undelivered", "batch_held", "batch_held_list",
    "held_reply_waiting", "room_event_waiting", "outbox_waiting", "redaction_due", "redaction_refused",
    "block_running", "ticket_idle", "ticket_waiting", "ticket_waiting_longest",
    "ticket_waiting_number",
}  # fmt: skip
"""Indexes of what waits, runs or has gone wrong: to read all of one is to read what there is to do."""

_BY_DESIGN = {
    "waiting.WAITING": "once, when an older schema is brought up",
    "waiting.ANSWERED": "once, when an older schema is brought up",
    "sessions._END_ALL": "an operator ends all sessions",
    "sessions._COUNT_LIVE": "before an operator ends all sessions",
    "team_events._PRUNE": "from the oldest on, as far as it is to go",
    "team_events._GET_FIRST": "the first of an index",
    "blocks._LIST_ACTIVE": "a list in the room; blocks that are over are forgotten after a while",
}


def _fields(value: str) -> bool:
    return re.search(r"\{\w*\}", value) is not None


def _statements() -> Iterator[tuple[str, str]]:
    """Give the statements of all modules; what is only a part of others is in those."""
    for info in pkgutil.iter_modules(plugin.db.__path__):
        if info.name in _SCHEMA:
            continue
        module = importlib.import_module(f"plugin.db.{info.name}")
        found = {}
        for name, value in vars(module).items():
            values = value if isinstance(value, tuple) else (value,)
            for place, text in enumerate(values):
                if isinstance(text, str) and re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", text):
                    found[f"{info.name}.{name}" + (f"[{place}]" if len(values) > 1 else "")] = text
        for name, text in found.items():
            is_part = any(text != other and text.strip() in other for other in found.values())
            if not _fields(text) and not is_part and name not in _BY_DESIGN:
                yield name, text


class _Taker:
    """A connection that only takes down what it is asked."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme, self.asked = scheme, []

    async def fetch(self, query: str, *_arguments: Any) -> list[Any]:
        self.asked.append(query)
        return []

    async def fetchval(self, query: str, *_arguments: Any) -> None:
        self.asked.append(query)


_FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"status": "open"}, {"status": "closed"}, {"waiting": "team"}, {"waiting": "customer"},
    {"assignee": "m1"}, {"assignee": "m1", "status": "open"}, {"unassigned": True},
    {"unassigned": True, "status": "open"}, {"blocked": True}, {"blocked": True, "waiting": "team"},
)  # fmt: skip


async def _lists(scheme: Scheme, wanted: dict[str, Any], now: Any) -> list[tuple[str, str]]:
    """Return the statements of a list in each order, by order and page."""
    found = []
    for sort in get_args(Sort):
        for after in (None, TicketPlace(key=1, number=1)):
            taker: Any = _Taker(scheme)
            listing = ListingRepository(taker)
            await listing.list_places(TicketFilter(**wanted), sort, after=after, limit=20, now=now)
            found.append((f"{wanted} by {sort}{', next page' if after else ''}", taker.asked[0]))
    return found


async def _composed(scheme: Scheme, now: Any) -> list[tuple[str, str]]:
    """Return the statements that are put together for each request."""
    taker: Any = _Taker(scheme)
    listing, search = ListingRepository(taker), SearchRepository(taker)
    for wanted in _FILTERS:
        taker.asked += [query for _, query in await _lists(scheme, wanted, now)]
        await listing.is_wanted(7, TicketFilter(**wanted), now)
        await search.read_hits([1, 2], TicketFilter(**wanted), now)
    await listing.list_items([1, 2], now)
    await listing.list_customers(["c1", "c2"], now)
    await listing.get_delivery(["m1", "m2"])
    return [(f"composed {number}", query) for number, query in enumerate(taker.asked)]


_LIST_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}
_ONLY = {
    Scheme.SQLITE.value: ("search_words", "total_changes", "PRAGMA"),
    Scheme.POSTGRES.value: ("FOR UPDATE", "FOR NO KEY UPDATE", "TSQUERY", "array_to_tsvector"),
}


def _is_for_the_other(query: str, scheme: Scheme) -> bool:
    return any(word in query for own, words in _ONLY.items() if own != scheme.value for word in words)


def _count(query: str) -> int:
    return max((int(number) for number in re.findall(r"\$(\d+)", query)), default=0)


async def _read_whole_by_sqlite(conn: Any, query: str) -> list[str]:
    rows = await conn.fetch(f"EXPLAIN QUERY PLAN {query}", *[None] * _count(query))
    found: list[str] = []
    for row in rows:
        scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$", row["detail"])
        if scan and scan[2] not in _WAITING:
            found += re.findall(rf"\b(\w+)(?: AS)? {scan[1]}\b", query) if len(scan[1]) == 1 else [scan[1]]
    return found


def _read_whole(node: dict[str, Any]) -> Iterator[str]:
    kind = node["Node Type"]
    if kind == "Seq Scan":
        yield node["Relation Name"]
    elif "Index Cond" not in node and node.get("Index Name", next(iter(_WAITING))) not in _WAITING:
        yield node.get("Relation Name", node["Index Name"])
    for below in node.get("Plans", ()):
        yield from _read_whole(below)


async def _plan_of_postgres(conn: Any, query: str) -> dict[str, Any]:
    nulls = ", ".join(["NULL"] * _count(query))
    await conn.execute(f"PREPARE looked_at AS {query}")
    plan = await conn.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE looked_at{nulls and f'({nulls})'}")
    await conn.execute("DEALLOCATE looked_at")
    found: dict[str, Any] = json.loads(plan)[0]["Plan"]
    return found


async def _read_whole_by_postgres(conn: Any, query: str) -> list[str]:
    return list(_read_whole(await _plan_of_postgres(conn, query)))


async def _rule_out(conn: Any, *ways: str) -> None:
    """Let PostgreSQL take these ways only where there is no other; of few rows it would take them always."""
    for way in ways:
        await conn.execute(f"SET LOCAL {way} = off")
    await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")


def _kinds(node: dict[str, Any]) -> list[str]:
    return [node["Node Type"], *(kind for below in node.get("Plans", ()) for kind in _kinds(below))]


def _sorts_all(node: dict[str, Any]) -> bool:
    """Tell whether something is sorted that is not a page."""
    if node["Node Type"] == "Sort" and "Limit" not in _kinds(node):
        return True
    return any(_sorts_all(below) for below in node.get("Plans", ()))


async def test_no_statement_reads_a_whole_table_that_grows(store, database, make) -> None:
    tables = {row[0] for row in await store.look(_LIST_TABLES[store.engine])} - _SMALL
    assert {"message", "batch", "outbox", "ticket", "room_event"} <= tables
    slow = []
    async with database.transaction() as tx:
        conn = tx._conn
        if store.engine == "postgresql":
            await _rule_out(conn, "enable_seqscan")
        for name, query in [*_statements(), *await _composed(conn.scheme, make.t0)]:
            if _is_for_the_other(query, conn.scheme):
                continue
            look = _read_whole_by_sqlite if conn.scheme == Scheme.SQLITE else _read_whole_by_postgres
            slow += [(name, table) for table in await look(conn, query) if table in tables]
    assert not slow, "\n".join(f"{name}: {table}" for name, table in slow)


@pytest.mark.parametrize("wanted", [one for one in _FILTERS if "blocked" not in one], ids=str)
async def test_a_list_is_read_by_its_filter_and_in_its_order(
    store, database, make, wanted: dict[str, Any]
) -> None:
    looked_up = {"assignee" if key == "unassigned" else key for key in wanted}
    async with database.transaction() as tx:
        conn = tx._conn
        if store.engine == "postgresql":
            await _rule_out(conn, "enable_seqscan", "enable_sort", "enable_bitmapscan")
        for name, query in await _lists(conn.scheme, wanted, make.t0):
            if store.engine == "postgresql":
                assert not _sorts_all(await _plan_of_postgres(conn, query)), name
                continue
            plan = await conn.fetch(f"EXPLAIN QUERY PLAN {query}", *[None] * _count(query))
            steps = [row["detail"] for row in plan]
            # The pages are put together, and nothing else is sorted.
            assert steps.count("USE TEMP B-TREE FOR ORDER BY") == steps.count("SCAN part"), name
            for step in steps:
                if step.startswith("SEARCH t "):
                    assert all(f"{key}=?" in step for key in looked_up), (name, step)
