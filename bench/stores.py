"""Plugins over stores of so many messages, on each engine."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maubot.lib.plugin_db import ProxyPostgresDatabase
from mautrix.util.async_db import Connection, Database, PostgresDatabase

from plugin.db.migrations import upgrade_table
from stack.json_api import JsonApi
from stack.postgres import Postgres
from tests.integration.plugin.desk import CONFIG, Desk, opened
from tests.integration.plugin.mod.team import sign_in

from .large_desk import MESSAGES_PER_TICKET, MODERATOR, fill

_INSTANCE = "support"
_CONNECTIONS = 3
"""What maubot gives each plugin on PostgreSQL."""

_PICKED = 50
"""Tickets of a kind; the smallest store has no more."""

_LET_IN = "UPDATE session SET token_hash = $2 WHERE customer_id = $1"
_TAKE_ON = "UPDATE ticket SET assignee = $2 WHERE assignee = $1"


@dataclass(frozen=True, kw_only=True)
class Store:
    """A running plugin over so many messages."""

    messages: int
    desk: Desk
    console: JsonApi
    """Of a moderator who has a part of the tickets."""
    page: JsonApi
    """Of nobody; `as_customer` speaks for somebody."""
    open: list[int]
    """Numbers of tickets that are open."""
    closed: list[int]
    """Of tickets of any age that were closed; a message to one makes it another."""
    read: list[int]
    """Of tickets of any age, to be read."""

    def as_customer(self, number: int) -> JsonApi:
        """Return the API as the customer of one of these tickets uses it."""
        return self.page.with_token(_token(number))


def _token(number: int) -> str:
    return f"token-of-{number}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _pick(conn: Connection, tickets: int, source: random.Random) -> tuple[list[int], ...]:
    """Return some open tickets, closed ones and ones to be read, and give their customers tokens."""
    # Every fourth waits for the team already, so that a message changes no list.
    newest = list(range(tickets - 2 * _PICKED + 1, tickets + 1, 4))
    picked = (
        newest,
        source.sample(range(2, tickets + 1, 2), _PICKED),
        source.sample(range(1, tickets + 1, 2), _PICKED),
    )
    for number in {number for numbers in picked for number in numbers}:
        await conn.execute(_LET_IN, f"c{number}", _hash(_token(number)))
    return picked


def _config() -> dict[str, Any]:
    # Nobody is slowed down who asks as fast as he can.
    return {**CONFIG, "limits": {"messages_per_minute": 100_000, "sessions_per_hour": 100_000}}


@asynccontextmanager
async def opened_store(
    messages: int, folder: Path, postgres: Postgres | None, seed: int
) -> AsyncIterator[Store]:
    """Make a store, on SQLite or in a new database of PostgreSQL, and start a plugin over it."""
    # There is no homeserver, and filling takes its time: both are told again and again.
    logging.getLogger("test.headset").setLevel(logging.ERROR)
    logging.getLogger("mau.db").setLevel(logging.ERROR)
    async with AsyncExitStack() as stack:
        if postgres is None:
            url = f"sqlite:{folder}/{messages}.db"
            database = Database.create(url, upgrade_table=upgrade_table)
        else:
            pool = Database.create(await postgres.create_database(), upgrade_table=None)
            assert isinstance(pool, PostgresDatabase)  # noqa: S101 - by its URL
            await pool.start()
            stack.push_async_callback(pool.stop)
            database = ProxyPostgresDatabase(pool, _INSTANCE, _CONNECTIONS, upgrade_table)
        await database.start()
        await fill(database, messages // MESSAGES_PER_TICKET)
        desk = await stack.enter_async_context(opened(folder, _config(), database))
        page = JsonApi(desk.http.session, str(desk.http.make_url("/")))
        moderator = await sign_in(desk, "Alice")
        conn: Connection
        async with database.acquire_direct() as conn:
            await conn.execute(_TAKE_ON, MODERATOR, moderator.id)
            newest, closed, read = await _pick(
                conn,
                messages // MESSAGES_PER_TICKET,
                random.Random(seed),  # noqa: S311 (no secret)
            )
        yield Store(
            messages=messages,
            desk=desk,
            console=moderator.api,
            page=page,
            open=newest,
            closed=closed,
            read=read,
        )
