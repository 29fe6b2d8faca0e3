"""Moderators' tokens: a code is made, exchanged for a token, and the token stands for a moderator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...db.database import Database
from ...domain.errors import Forbidden, NotFound, Unauthorized, Unavailable
from ...domain.model import Moderator, ModeratorCode, ModeratorToken, Role
from ..audit import Actor, acting, write_down
from ..ids import hash_token, new_code, new_token, new_ulid
from ..ports import Clock

CODE_LASTS = timedelta(minutes=15)

_TOUCH_EVERY = timedelta(minutes=1)
"""How exactly it is known when a token was used last; else every request would be a write."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who speaks over HTTP for the team."""

    token_id: str
    moderator: Moderator
    """As the allow-list has them now."""

    def require(self, role: Role) -> None:
        """Raise Forbidden where the caller's role is a lower one."""
        if role == "admin" and self.moderator.role != "admin":
            raise Forbidden("This is for admins.")


class AccessService:
    """Gives out and takes back what consoles sign in with."""

    def __init__(self, database: Database, clock: Clock, wake_redactions: Callable[[], None]) -> None:
        self._database, self._clock, self._wake_redactions = database, clock, wake_redactions

    async def make_code(
        self, actor: Actor, moderator: Moderator, room_id: str | None
    ) -> tuple[str, ModeratorCode]:
        """Make a code for a moderator, to be told in a room; return it, which is stored nowhere."""
        now, code = self._clock.now(), new_code()
        stored = ModeratorCode(
            code_hash=hash_token(code),
            moderator_id=moderator.id,
            created_by=actor.id,
            expires_at=now + CODE_LASTS,
            room_id=room_id,
        )
        async with self._database.transaction() as tx:
            await tx.access.add_code(stored, now)
            await write_down(tx, now, actor, "token.code_made", {"moderator": moderator.id})
        return code, stored

    async def exchange(self, code: str) -> tuple[str, Caller]:
        """Use a code up; return the token, which is stored nowhere, and who it stands for.

        Raises:
            Unauthorized: there is no such code, it was used, its time is over, or its moderator has left.
        """
        now, token = self._clock.now(), new_token()
        async with self._database.transaction() as tx:
            # The lookup compares hashes of 160 random bits: its timing says nothing about a code.
            used = await tx.access.use_code(hash_token(_in_its_one_form(code)), now)
            if used is None:
                raise Unauthorized("This code is wrong, was used, or is more than 15 minutes old.")
            team = await tx.moderators.list_active()
            moderator = next((m for m in team if m.id == used.moderator_id), None)
            if moderator is None:
                raise Unauthorized("Whom this code is for is not on the allow-list any more.")
            made = ModeratorToken(
                id=new_ulid(now), moderator=moderator, created_by=used.created_by, created_at=now
            )
            await tx.access.add_token(made, hash_token(token))
            if used.room_id is not None and used.event_id is not None:
                await tx.redactions.advance(used.event_id, used.room_id, now)
            await write_down(tx, now, acting(moderator), "token.made", {"token": made.id})
        self._wake_redactions()
        return token, Caller(token_id=made.id, moderator=moderator)

    async def authenticate(self, token: str) -> Caller:
        """Return who a token stands for.

        Raises:
            Unauthorized: it is nobody's, is revoked, or its moderator is not on the allow-list any more.
        """
        now = self._clock.now()
        async with self._database.snapshot() as tx:
            # As with codes, a lookup by the hash of random bits.
            found = await tx.access.get_by_hash(hash_token(token))
        if found is None:
            raise Unauthorized
        if _is_stale(found, now):
            # Not worth a refusal where the database can be read, but not written to.
            with suppress(Unavailable):
                async with self._database.transaction() as tx:
                    await tx.access.touch(found.id, now)
        return Caller(token_id=found.id, moderator=found.moderator)

    async def list_tokens(self, moderator: Moderator) -> list[ModeratorToken]:
        """Return one's own tokens, newest first; an admin gets everybody's."""
        async with self._database.snapshot() as tx:
            return await tx.access.list_tokens(None if moderator.role == "admin" else moderator.id)

    async def revoke(self, actor: Actor, moderator: Moderator, token_id: str) -> ModeratorToken:
        """Void one's own token; who has the role admin may void any. Return what it was.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            found = await tx.access.get(token_id)
            if found is None or not _may_revoke(moderator, found):
                raise NotFound
            await tx.access.revoke(token_id, now)
            target = {"token": token_id, "moderator": found.moderator.id}
            await write_down(tx, now, actor, "token.revoked", target)
        return found


def _in_its_one_form(code: str) -> str:
    """Return a code as it was made, however it was copied or typed."""
    return "".join(code.split()).replace("-", "").upper()


def _is_stale(token: ModeratorToken, now: datetime) -> bool:
    return token.used_at is None or now - token.used_at >= _TOUCH_EVERY


def _may_revoke(moderator: Moderator, token: ModeratorToken) -> bool:
    return moderator.role == "admin" or token.moderator.id == moderator.id
