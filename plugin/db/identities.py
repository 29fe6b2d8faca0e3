"""Who has proven what: accounts, and the challenges that wallets are given."""

from __future__ import annotations

from datetime import datetime

from mautrix.util.async_db import Connection, Scheme

from ..domain.model import Challenge, Customer, Identity
from .columns import from_ms, to_ms
from .search_index import SearchIndex
from .sessions import CUSTOMER, customer_from_row
from .team_events import TeamEventRepository

# On SQLite the transaction itself keeps others out.
_LOCK = "SELECT value FROM counter WHERE name = 'identity' FOR UPDATE"
_ADD_CHALLENGE = """
    INSERT INTO challenge (nonce, session_id, origin, account, message, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_GET_CHALLENGE = """
    SELECT nonce, session_id, origin, account, message, expires_at, used_at FROM challenge WHERE nonce = $1
"""
_USE = """
    UPDATE challenge SET used_at = $2 WHERE nonce = $1 AND used_at IS NULL AND expires_at > $2 RETURNING 1
"""
_PRUNE = "DELETE FROM challenge WHERE expires_at < $1"

_FIND = f"SELECT {CUSTOMER} FROM customer WHERE account = $1"
_IDENTIFY = "UPDATE customer SET identity = $2, account = $3 WHERE id = $1 RETURNING ticket"
# What the host site leaves unsaid this time stays as it was.
_DESCRIBE = """
    UPDATE customer SET name = COALESCE($2, name), email = COALESCE($3, email) WHERE id = $1 RETURNING ticket
"""


class IdentityRepository:
    """Accounts and challenges."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def lock(self) -> None:
        """Be the only one who signs in until the transaction ends: of one account there is one customer."""
        if self._conn.scheme != Scheme.SQLITE:
            await self._conn.fetchval(_LOCK)

    async def add_challenge(self, challenge: Challenge) -> None:
        """Store a text that is given out."""
        await self._conn.execute(
            _ADD_CHALLENGE,
            challenge.nonce,
            challenge.session_id,
            challenge.origin,
            challenge.account,
            challenge.message,
            to_ms(challenge.expires_at),
        )

    async def get_challenge(self, nonce: str) -> Challenge | None:
        """Return what was given out with a nonce."""
        row = await self._conn.fetchrow(_GET_CHALLENGE, nonce)
        if row is None:
            return None
        return Challenge(
            nonce=row["nonce"],
            session_id=row["session_id"],
            origin=row["origin"],
            account=row["account"],
            message=row["message"],
            expires_at=from_ms(row["expires_at"]),
            is_used=row["used_at"] is not None,
        )

    async def use_challenge(self, nonce: str, at: datetime) -> bool:
        """Use a nonce up; False where that was done before, or its time is over."""
        return await self._conn.fetchval(_USE, nonce, to_ms(at)) is not None

    async def prune_challenges(self, before: datetime) -> None:
        """Forget challenges that ended before then."""
        await self._conn.execute(_PRUNE, to_ms(before))

    async def find_customer(self, account: str) -> Customer | None:
        """Return the customer who has proven an account."""
        row = await self._conn.fetchrow(_FIND, account)
        return None if row is None else customer_from_row(row)

    async def identify(self, customer_id: str, identity: Identity, account: str) -> None:
        """Note what a customer has proven."""
        self._note(await self._conn.fetchval(_IDENTIFY, customer_id, identity, account))
        await SearchIndex(self._conn).put_customer(customer_id)

    async def describe(self, customer_id: str, name: str | None, email: str | None) -> None:
        """Note how the host site calls a customer."""
        self._note(await self._conn.fetchval(_DESCRIBE, customer_id, name, email))
        await SearchIndex(self._conn).put_customer(customer_id)

    def _note(self, ticket: int | None) -> None:
        """Tell the team that a ticket's customer goes by another name now."""
        if ticket is not None:
            self._events.note("ticket.updated", ticket=ticket)
