"""Whose turn it is in a ticket: found from its messages, and kept with each new one."""

from __future__ import annotations

from mautrix.util.async_db import Connection

from ..domain.model import Message
from .columns import to_ms

NEVER = 2**53 - 1
"""A time after all others: of a ticket that does not wait for the team."""

LONGEST = f"COALESCE(waiting_since, {NEVER})"
"""By which tickets are in order of how long they have waited for the team; indexes have it, too."""

WAITING = """
    UPDATE ticket SET waiting = (
        SELECT CASE m.author_kind WHEN 'customer' THEN 'team' ELSE 'customer' END FROM message m
        WHERE m.ticket = ticket.number AND m.author_kind <> 'system' ORDER BY m.seq DESC LIMIT 1
    ), waiting_since = (
        SELECT MIN(m.created_at) FROM message m
        WHERE m.ticket = ticket.number AND m.author_kind = 'customer' AND m.seq > COALESCE((
            SELECT MAX(a.seq) FROM message a WHERE a.ticket = ticket.number AND a.author_kind = 'moderator'
        ), 0)
    )
"""
"""Of open tickets; nobody waits in a closed one."""

ANSWERED = """
    UPDATE ticket SET answered_at = (
        SELECT MIN(m.created_at) FROM message m
        WHERE m.ticket = ticket.number AND m.author_kind = 'moderator'
    )
"""

# Of what is unanswered the oldest message counts.
_TEAMS_TURN = """
    UPDATE ticket SET waiting = 'team',
        waiting_since = CASE WHEN waiting = 'team' THEN waiting_since ELSE CAST($2 AS BIGINT) END
    WHERE number = $1
"""
# An answer does not open a closed ticket.
_CUSTOMERS_TURN = """
    UPDATE ticket SET waiting = CASE status WHEN 'open' THEN 'customer' END, waiting_since = NULL,
        answered_at = COALESCE(answered_at, CAST($2 AS BIGINT))
    WHERE number = $1
"""
_AGAIN = f"{WAITING} WHERE number = $1 AND status = 'open'"


async def note_turn(conn: Connection, message: Message) -> None:
    """Let a ticket wait for the other side of a new message; nobody waits for the desk's own notices."""
    if message.ticket is None or message.author.kind == "system":
        return
    turn = _TEAMS_TURN if message.author.kind == "customer" else _CUSTOMERS_TURN
    await conn.execute(turn, message.ticket, to_ms(message.created_at))


async def find_turn(conn: Connection, ticket: int) -> None:
    """Find out whose turn it is in a ticket that a moderator has opened again."""
    await conn.execute(_AGAIN, ticket)
