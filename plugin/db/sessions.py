"""Sessions and the customers they stand for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mautrix.util.async_db import Connection, Scheme

from ..domain.model import Customer, Session
from .arguments import Arguments
from .columns import Row, from_ms, from_ms_or_none, to_ms
from .search_index import SearchIndex

CUSTOMER = "id, identity, name, ticket, last_seq, last_event, created_at, account, email"
_ADD_CUSTOMER = f"INSERT INTO customer ({CUSTOMER}) VALUES ($1, $2, $3, NULL, 0, 0, $4, $5, $6)"
_GET_CUSTOMER = f"SELECT {CUSTOMER} FROM customer WHERE id = $1"

JOINED_CUSTOMER = ", ".join(f"w.{name} AS w_{name}" for name in CUSTOMER.split(", "))
"""The same columns of a customer that a query joins as `w`."""

_SESSION = "id, customer_id, created_at, ended_at"
_ADD_SESSION = """
    INSERT INTO session (id, token_hash, customer_id, locale, page_url, address_hash, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_ADD_SESSION_AFTER = """
    INSERT INTO session (id, token_hash, customer_id, locale, page_url, address_hash, created_at)
    SELECT $1, $2, $3, locale, page_url, address_hash, CAST($4 AS BIGINT) FROM session WHERE id = $5
"""
_GET_SESSION = f"SELECT {_SESSION} FROM session WHERE token_hash = $1 AND ended_at IS NULL"
_GET_PAGE_URL = """
    SELECT page_url FROM session WHERE customer_id = $1 AND page_url IS NOT NULL
    ORDER BY created_at DESC LIMIT 1
"""
# An update that changes nothing, so that the row is returned either way.
_GET_OR_ADD_KEY = """
    INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING value
"""
_IS_ERASED = "SELECT 1 FROM customer WHERE id = $1 AND erased_at IS NOT NULL"
_LIST_LIVE = "SELECT id FROM session WHERE id IN ({}) AND ended_at IS NULL"
_END_SESSION = "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING 1"
_END_SESSIONS = "UPDATE session SET ended_at = $2 WHERE customer_id = $1 AND ended_at IS NULL"
_COUNT_LIVE = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL"
_END_ALL = "UPDATE session SET ended_at = $1 WHERE ended_at IS NULL"
_PRUNE_ENDED = """
    DELETE FROM session WHERE id IN (
        SELECT id FROM session WHERE ended_at < $1 ORDER BY ended_at LIMIT $2
    ) RETURNING 1
"""
# Whoever is blocked stays, for the block names them, and whoever is asked by a wallet at this moment.
_LIST_SILENT = """
    SELECT id FROM customer WHERE ticket IS NULL AND erased_at IS NULL AND joined_to IS NULL
        AND created_at < $1 AND last_seq = 0 AND last_event = 0
        AND NOT EXISTS (SELECT 1 FROM session WHERE customer_id = customer.id AND created_at >= $1)
        AND NOT EXISTS (SELECT 1 FROM block WHERE customer_id = customer.id)
        AND NOT EXISTS (
            SELECT 1 FROM session s JOIN challenge ON session_id = s.id WHERE s.customer_id = customer.id
        )
    ORDER BY created_at LIMIT $2
"""
_FORGET_CHALLENGES = (
    "DELETE FROM challenge WHERE session_id IN (SELECT id FROM session WHERE customer_id = $1)"
)
_FORGET_SESSIONS = "DELETE FROM session WHERE customer_id = $1"
_FORGET_CUSTOMER = "DELETE FROM customer WHERE id = $1"


def customer_from_row(row: Row, prefix: str = "") -> Customer:
    """Read a row of the columns of `CUSTOMER`, or with `w_` of those of `JOINED_CUSTOMER`."""
    return Customer(
        id=row[f"{prefix}id"],
        identity=row[f"{prefix}identity"],
        name=row[f"{prefix}name"],
        ticket=row[f"{prefix}ticket"],
        last_seq=row[f"{prefix}last_seq"],
        last_event=row[f"{prefix}last_event"],
        created_at=from_ms(row[f"{prefix}created_at"]),
        account=row[f"{prefix}account"],
        email=row[f"{prefix}email"],
    )


class SessionRepository:
    """Who may speak for which customer."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add_customer(self, customer: Customer) -> None:
        """Store a customer who has not written yet."""
        await self._conn.execute(
            _ADD_CUSTOMER,
            customer.id,
            customer.identity,
            customer.name,
            to_ms(customer.created_at),
            customer.account,
            customer.email,
        )
        if customer.name or customer.account or customer.email:
            await SearchIndex(self._conn).put_customer(customer.id)

    async def add_session(
        self,
        session: Session,
        token_hash: str,
        locale: str | None,
        page_url: str | None,
        address_hash: str | None = None,
    ) -> None:
        """Store a session under the hash of its token."""
        await self._conn.execute(
            _ADD_SESSION,
            session.id,
            token_hash,
            session.customer_id,
            locale,
            page_url,
            address_hash,
            to_ms(session.created_at),
        )

    async def add_session_after(self, former: Session, session: Session, token_hash: str) -> None:
        """Store the session that a browser goes on with, of the same page and address as the former one."""
        await self._conn.execute(
            _ADD_SESSION_AFTER,
            session.id,
            token_hash,
            session.customer_id,
            to_ms(session.created_at),
            former.id,
        )

    async def get_secret(self, name: str, fresh: str) -> str:
        """Return a secret of this desk; `fresh` becomes it where there is none yet."""
        return str(await self._conn.fetchval(_GET_OR_ADD_KEY, name, fresh))

    async def get_session_by_token_hash(self, token_hash: str) -> Session | None:
        """Return the session that is not ended."""
        row = await self._conn.fetchrow(_GET_SESSION, token_hash)
        return (
            None
            if row is None
            else Session(
                id=row["id"],
                customer_id=row["customer_id"],
                created_at=from_ms(row["created_at"]),
                ended_at=from_ms_or_none(row["ended_at"]),
            )
        )

    async def is_live(self, session_id: str) -> bool:
        """Tell whether the session is not ended."""
        return bool(await self.list_live((session_id,)))

    async def list_live(self, ids: Collection[str]) -> frozenset[str]:
        """Return those of some sessions that are not ended."""
        arguments = Arguments()
        query = _LIST_LIVE.format(arguments.add_all(list(ids)))
        return frozenset(row["id"] for row in await self._conn.fetch(query, *arguments.values))

    async def get_customer(self, customer_id: str) -> Customer | None:
        """Return the customer."""
        row = await self._conn.fetchrow(_GET_CUSTOMER, customer_id)
        return None if row is None else customer_from_row(row)

    async def is_erased(self, customer_id: str) -> bool:
        """Tell whether the customer was erased: then nobody is there any more."""
        return await self._conn.fetchval(_IS_ERASED, customer_id) is not None

    async def get_page_url(self, customer_id: str) -> str | None:
        """Return the page that the customer came from last."""
        url: str | None = await self._conn.fetchval(_GET_PAGE_URL, customer_id)
        return url

    async def end_session(self, session_id: str, at: datetime) -> bool:
        """Void a session's token; False where it was void already."""
        return await self._conn.fetchval(_END_SESSION, session_id, to_ms(at)) is not None

    async def end_sessions(self, customer_id: str, at: datetime) -> None:
        """Void every token of a customer."""
        await self._conn.execute(_END_SESSIONS, customer_id, to_ms(at))

    async def end_all(self, at: datetime) -> int:
        """Void every token of every customer; return how many."""
        count = int(await self._conn.fetchval(_COUNT_LIVE))
        await self._conn.execute(_END_ALL, to_ms(at))
        return count

    async def prune_ended(self, before: datetime, limit: int) -> int:
        """Forget sessions that ended before then; return how many."""
        return len(await self._conn.fetch(_PRUNE_ENDED, to_ms(before), limit))

    async def prune_silent(self, before: datetime, limit: int) -> int:
        """Forget customers who came before then, and not again since, and never wrote; return how many."""
        # Whoever begins to write meanwhile is passed over, and waits for nobody here.
        suffix = "" if self._conn.scheme == Scheme.SQLITE else " FOR UPDATE SKIP LOCKED"
        silent = [row["id"] for row in await self._conn.fetch(_LIST_SILENT + suffix, to_ms(before), limit)]
        for customer_id in silent:
            await SearchIndex(self._conn).remove_customer(customer_id)
            await self._conn.execute(_FORGET_SESSIONS, customer_id)
            await self._conn.execute(_FORGET_CUSTOMER, customer_id)
        return len(silent)
