"""Transactions that hold under cancellation, on SQLite's one connection as on PostgreSQL's pool."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, Literal

import asyncpg
from mautrix.util import async_db
from mautrix.util.async_db import Database as MautrixDatabase
from mautrix.util.async_db.connection import LoggingConnection

from ..domain.errors import Unavailable
from .cancelling import to_the_end
from .transaction import Transaction
from .turns import Turns

_Last = Literal["COMMIT", "ROLLBACK"]

_RETRY_AFTER = 2
"""Seconds a client is told to wait while the database can't take a write."""

_MERGE_STEPS = 20
"""Of the search index, each some milliseconds, before it is left in peace for a while."""

_PARAMETER = re.compile(r"\$(\d+)")

_LOCK_MS, _SHORT_LOCK_MS = 5000, 20
"""How long SQLite waits for another process's lock: mautrix's own time, and while that has been in vain."""

_BEGIN_READING = "BEGIN"
"""On SQLite; nobody's lock is in its way."""

# What passes by itself or by the operator's hand: locked, full, read-only, gone.
_UNAVAILABLE = (
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncio.TimeoutError,
    OSError,
)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


_owner: ContextVar[asyncio.Task[Any] | None] = ContextVar("headset_transaction_owner", default=None)


class Database:
    """The plugin's database. `transaction` and `snapshot` alone give access to it."""

    def __init__(
        self,
        inner: MautrixDatabase,
        *,
        now: Callable[[], datetime] = _utc_now,
        on_team_event: Callable[[], None] | None = None,
    ) -> None:
        """`on_team_event` is called after each commit that the moderators' streams have something of."""
        self._inner, self._now, self._on_team_event = inner, now, on_team_event
        self._is_sqlite = inner.scheme == async_db.Scheme.SQLITE
        # mautrix's pool of one hands the connection back to a task that asks again before those who wait.
        self._turns = Turns() if self._is_sqlite else None
        self._is_locked = False

    @property
    def may_be_shared(self) -> bool:
        """Whether other hosts may work on the same database."""
        return not self._is_sqlite

    async def prepare(self) -> None:
        """Make a commit survive a power cut, and what was erased not survive in the file.

        mautrix opens SQLite with synchronous=NORMAL.
        """
        if self._is_sqlite:
            async with self._inner.acquire_direct() as conn:
                await conn.execute("PRAGMA synchronous = FULL")
                await conn.execute("PRAGMA secure_delete = ON")

    @asynccontextmanager
    async def transaction(self, *, urgent: bool = False) -> AsyncIterator[Transaction]:
        """Give a transaction that commits at the end and leaves no trace if it is left in any other way.

        `urgent`: before all others that wait, where there is one connection for all.

        Inside: no call to Matrix, no new task, no `wait_for`, no second transaction.

        Raises:
            Unavailable: the database can't take it now.
        """
        # IMMEDIATE: a transaction that reads first and then writes would fail at once where another
        # process wrote in between, instead of waiting its turn.
        written = False
        try:
            async with self._begun("BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN", urgent=urgent) as tx:
                yield tx
                await tx.team_events.write()
                written = tx.team_events.has_noted
        finally:
            # Also where a cancel came with the commit; looking once too often does no harm.
            if written and self._on_team_event is not None:
                self._on_team_event()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """Give a transaction for reads that all see the same state.

        Raises:
            Unavailable: the database can't be read now.
        """
        begin = _BEGIN_READING if self._is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        async with self._begun(begin) as tx:
            yield tx

    async def scrub(self) -> bool:
        """Empty SQLite's search index and journal of erased words; False: not done yet, try again soon.

        The index of a large desk is not done at one go, so that others get their turn; nor is the journal
        while somebody reads.

        On PostgreSQL that is for VACUUM and the server's own settings.

        Raises:
            Unavailable: the database can't be written to now.
        """
        if not self._is_sqlite:
            return True
        for step in range(_MERGE_STEPS):
            async with self.transaction() as tx:
                goes_on = await tx.search_index.merge(begin=step == 0)
            if not goes_on:
                break
        else:
            return False
        async with self._connection() as conn:
            return int(await conn.fetchval("PRAGMA wal_checkpoint(TRUNCATE)")) == 0

    @asynccontextmanager
    async def _begun(self, begin: str, *, urgent: bool = False) -> AsyncIterator[Transaction]:
        async with self._connection(urgent=urgent) as conn:
            try:
                await self._run(conn, begin)
                async with _ended(conn):
                    yield Transaction(conn, self._now)
            except sqlite3.OperationalError as error:
                # All wait in one queue: if each waited so long for the lock, nobody would be told in time.
                if "locked" in str(error):
                    await self._wait_for_locks(conn, shortly=True)
                raise
            if begin != _BEGIN_READING:
                await self._wait_for_locks(conn, shortly=False)

    @asynccontextmanager
    async def _connection(self, *, urgent: bool = False) -> AsyncIterator[_Gathered | _Direct]:
        if _owner.get() is asyncio.current_task():
            raise RuntimeError("A transaction inside a transaction would wait for its own connection")
        token = _owner.set(asyncio.current_task())
        try:
            turn = self._turns.take(urgent=urgent) if self._turns else nullcontext()
            async with turn, _going_on(), self._inner.acquire_direct() as acquired:
                yield _Gathered(acquired) if self._is_sqlite else _Direct(acquired)
        except _UNAVAILABLE as error:
            raise Unavailable(retry_after=_RETRY_AFTER) from error
        finally:
            _owner.reset(token)

    @staticmethod
    async def _run(conn: _Gathered | _Direct, begin: str) -> None:
        try:
            await conn.execute(begin)
        except asyncio.CancelledError:
            # The server runs the statement all the same.
            await to_the_end(_roll_back(conn))
            raise

    async def _wait_for_locks(self, conn: _Gathered | _Direct, *, shortly: bool) -> None:
        if self._is_sqlite and self._is_locked != shortly:
            await conn.fetchval(f"PRAGMA busy_timeout = {_SHORT_LOCK_MS if shortly else _LOCK_MS}")
            self._is_locked = shortly


@asynccontextmanager
async def _going_on() -> AsyncIterator[None]:
    """Keep mautrix from ending the whole process when maubot uses a connection that PostgreSQL has ended.

    asyncpg calls it an error within itself as long as it has not read to the connection's end, and mautrix
    takes that for a reason to exit. The pool makes a new connection.
    """
    try:
        yield
    except SystemExit as exit_:
        error = exit_.__context__
        if not isinstance(error, asyncpg.InternalClientError):
            raise
        if isinstance(error.__context__, asyncio.CancelledError):
            raise error.__context__ from None
        raise error from None


@asynccontextmanager
async def _ended(conn: _Gathered | _Direct) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await to_the_end(_roll_back(conn))
        raise
    try:
        await to_the_end(_finish(conn, "COMMIT"))
    except BaseException:
        # Also a cancel that hides a failed COMMIT; after a good one there is nothing to roll back.
        await to_the_end(_roll_back(conn))
        raise


async def _finish(conn: _Gathered | _Direct, statement: _Last) -> None:
    await conn.finish(statement)


async def _roll_back(conn: _Gathered | _Direct) -> None:
    try:
        await _finish(conn, "ROLLBACK")
    except (*_UNAVAILABLE, asyncpg.PostgresError):
        # Nothing is open any more: SQLite ends a transaction by itself when the disk is full, and
        # PostgreSQL with its connection.
        return


class _Gathered(LoggingConnection):
    """SQLite's connection: what only writes is gathered, and goes with the next answer that is waited for.

    Each turn of SQLite's thread takes longer than most statements, and on a busy machine much longer. So an
    error of a statement may come with a later one; it comes before COMMIT has returned, and undoes them all.
    A turn runs to its end in the thread when its task is cancelled meanwhile, before whatever is asked of it
    next; no answer stays half-read, with which no COMMIT would succeed any more.
    """

    def __init__(self, inner: LoggingConnection) -> None:
        self._gathered: list[tuple[str, Sequence[Any]]] = []
        super().__init__(inner.scheme, inner.wrapped, inner.log)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        self._gathered.append((_numbered(query), args))
        return ""

    async def executemany(self, query: str, *args: Any, timeout: float | None = None) -> str:
        self._gathered.extend((_numbered(query), row) for row in args[0])
        return ""

    async def fetch(self, query: str, *args: Any, timeout: float | None = None) -> list[Any]:
        turn = [*self._gathered, (_numbered(query), args)]
        self._gathered.clear()
        # aiosqlite has no public name for "these, in one turn".
        rows: list[Any] = await self.wrapped._execute(_run_turn, self.wrapped._conn, turn)
        return rows

    async def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> Any:
        rows = await self.fetch(query, *args)
        return rows[0] if rows else None

    async def fetchval(self, query: str, *args: Any, column: int = 0, timeout: float | None = None) -> Any:
        row = await self.fetchrow(query, *args)
        return None if row is None else row[column]

    async def finish(self, statement: _Last) -> None:
        """End the transaction, with what was gathered or without it."""
        if statement == "ROLLBACK":
            self._gathered.clear()
        await self.fetch(statement)


class _Direct(LoggingConnection):
    """PostgreSQL's connection, without mautrix's handler that ends the process when one breaks mid-way."""

    def __init__(self, inner: LoggingConnection) -> None:
        super().__init__(inner.scheme, inner.wrapped, inner.log)

    async def finish(self, statement: _Last) -> None:
        """End the transaction."""
        await self.execute(statement)


def _run_turn(connection: sqlite3.Connection, turn: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
    """Run statements one after the other, in SQLite's thread; return the answer of the last."""
    rows: list[Any] = []
    for query, arguments in turn:
        rows = connection.execute(query, arguments).fetchall()
    return rows


@lru_cache(maxsize=1000)
def _numbered(query: str) -> str:
    """Return a statement with its parameters as SQLite numbers them."""
    return _PARAMETER.sub(r"?\1", query)
