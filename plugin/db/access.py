"""Moderators' tokens, and the codes that they are exchanged for; of both only hashes are stored."""

from __future__ import annotations

from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.model import ModeratorCode, ModeratorToken
from .columns import Row, from_ms, from_ms_or_none, to_ms
from .moderators import READ_MODERATOR, moderator_from_row
from .team_events import TeamEventRepository

_ADD_CODE = """
    INSERT INTO moderator_code (code_hash, moderator_id, created_by, created_at, expires_at, room_id)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
# One that is of a time to come was made before the clock was set back, and would last too long.
# A used code is one that expired long ago, by whatever clock: the row stays until its post is taken back.
_USE_CODE = """
    UPDATE moderator_code SET expires_at = 0 WHERE code_hash = $1 AND created_at <= $2 AND expires_at > $2
    RETURNING code_hash, moderator_id, created_by, expires_at, room_id, event_id
"""
_NOTE_POST = "UPDATE moderator_code SET event_id = $2 WHERE code_hash = $1 RETURNING expires_at"
_LIST_UNNOTED = """
    SELECT code_hash, moderator_id, created_by, expires_at, room_id, event_id FROM moderator_code
    WHERE event_id IS NULL AND room_id IS NOT NULL AND created_at <= $1 ORDER BY created_at
"""
_FORGET_CODE = "DELETE FROM moderator_code WHERE code_hash = $1"
_PRUNE_CODES = "DELETE FROM moderator_code WHERE created_at < $1"

_FROM_TOKEN = f"""
    SELECT t.id AS token_id, t.created_by, t.created_at, t.used_at, {READ_MODERATOR}
    FROM moderator_token t JOIN moderator m ON m.id = t.moderator_id
    WHERE t.revoked_at IS NULL AND m.active = 1
"""
_ADD = """
    INSERT INTO moderator_token (id, token_hash, moderator_id, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5)
"""
_GET = f"{_FROM_TOKEN} AND t.token_hash = $1"
_GET_BY_ID = f"{_FROM_TOKEN} AND t.id = $1"
_LIST = f"{_FROM_TOKEN} ORDER BY t.created_at DESC, t.id DESC"
_LIST_OF = f"{_FROM_TOKEN} AND t.moderator_id = $1 ORDER BY t.created_at DESC, t.id DESC"
_TOUCH = "UPDATE moderator_token SET used_at = $2 WHERE id = $1"
_REVOKE = "UPDATE moderator_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING 1"
_REVOKE_RETIRED = """
    UPDATE moderator_token SET revoked_at = $1
    WHERE revoked_at IS NULL AND moderator_id IN (SELECT id FROM moderator WHERE active = 0)
"""
_COUNT = "SELECT COUNT(*) FROM moderator_token WHERE revoked_at IS NULL"
_REVOKE_ALL = "UPDATE moderator_token SET revoked_at = $1 WHERE revoked_at IS NULL"
_VOID_CODES = "UPDATE moderator_code SET expires_at = 0"
_VOID_CODES_OF_RETIRED = """
    UPDATE moderator_code SET expires_at = 0 WHERE moderator_id IN (SELECT id FROM moderator WHERE active = 0)
"""


def _code(row: Row) -> ModeratorCode:
    return ModeratorCode(
        code_hash=row["code_hash"],
        moderator_id=row["moderator_id"],
        created_by=row["created_by"],
        expires_at=from_ms(row["expires_at"]),
        room_id=row["room_id"],
        event_id=row["event_id"],
    )


def _token(row: Row) -> ModeratorToken:
    return ModeratorToken(
        id=row["token_id"],
        moderator=moderator_from_row(row),
        created_by=row["created_by"],
        created_at=from_ms(row["created_at"]),
        used_at=from_ms_or_none(row["used_at"]),
    )


class AccessRepository:
    """Who may speak for which moderator over HTTP."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def add_code(self, code: ModeratorCode, at: datetime) -> None:
        """Store a code that was made now."""
        await self._conn.execute(
            _ADD_CODE,
            code.code_hash,
            code.moderator_id,
            code.created_by,
            to_ms(at),
            to_ms(code.expires_at),
            code.room_id,
        )

    async def use_code(self, code_hash: str, at: datetime) -> ModeratorCode | None:
        """Use a code up and return it; None where there is no such code, or none any more."""
        row = await self._conn.fetchrow(_USE_CODE, code_hash, to_ms(at))
        return None if row is None else _code(row)

    async def note_code_post(self, code_hash: str, event_id: str) -> datetime | None:
        """Note the event that tells a code; return when it is void, which may be in the past."""
        return from_ms_or_none(await self._conn.fetchval(_NOTE_POST, code_hash, event_id))

    async def list_codes_without_post(self, made_before: datetime) -> list[ModeratorCode]:
        """Return the codes that were to be said in a room, and may have been."""
        rows = await self._conn.fetch(_LIST_UNNOTED, to_ms(made_before))
        return [_code(row) for row in rows]

    async def forget_code(self, code_hash: str) -> None:
        """Forget a code that nobody was told."""
        await self._conn.execute(_FORGET_CODE, code_hash)

    async def prune_codes(self, before: datetime) -> None:
        """Forget the codes that were made before a time."""
        await self._conn.execute(_PRUNE_CODES, to_ms(before))

    async def add_token(self, token: ModeratorToken, token_hash: str) -> None:
        """Store a token under its hash."""
        await self._conn.execute(
            _ADD, token.id, token_hash, token.moderator.id, token.created_by, to_ms(token.created_at)
        )
        self._events.note("moderator.updated")

    async def get_by_hash(self, token_hash: str) -> ModeratorToken | None:
        """Return the token with its moderator as the allow-list has them now; None: it is void."""
        row = await self._conn.fetchrow(_GET, token_hash)
        return None if row is None else _token(row)

    async def get(self, token_id: str) -> ModeratorToken | None:
        """Return a token that is not void."""
        row = await self._conn.fetchrow(_GET_BY_ID, token_id)
        return None if row is None else _token(row)

    async def list_tokens(self, moderator_id: str | None = None) -> list[ModeratorToken]:
        """Return the tokens that are not void, newest first: one moderator's, or everybody's."""
        if moderator_id is None:
            return [_token(row) for row in await self._conn.fetch(_LIST)]
        return [_token(row) for row in await self._conn.fetch(_LIST_OF, moderator_id)]

    async def touch(self, token_id: str, at: datetime) -> None:
        """Note when a token was used last."""
        await self._conn.execute(_TOUCH, token_id, to_ms(at))

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """Void a token; False where it was void already."""
        revoked = await self._conn.fetchval(_REVOKE, token_id, to_ms(at)) is not None
        if revoked:
            self._events.note("moderator.updated")
        return revoked

    async def revoke_all(self, at: datetime) -> int:
        """Void every token and every code; return how many tokens there were."""
        # The codes first: whoever is about to exchange one holds its row, and the token is there afterwards.
        await self._conn.execute(_VOID_CODES)
        count = int(await self._conn.fetchval(_COUNT))
        await self._conn.execute(_REVOKE_ALL, to_ms(at))
        self._events.note("moderator.updated")
        return count

    async def revoke_retired(self, at: datetime) -> None:
        """Void what those hold who are not on the allow-list any more, should they come back or not."""
        # The codes first: whoever is about to exchange one holds its row, and the token is there afterwards.
        await self._conn.execute(_VOID_CODES_OF_RETIRED)
        await self._conn.execute(_REVOKE_RETIRED, to_ms(at))
