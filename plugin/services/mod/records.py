"""What the team looks back at: strangers' replies and the audit log."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...db.database import Database
from ...db.records import AuditEntry, StrangerReply
from ...db.transaction import Transaction
from ...domain.model import Moderator
from ...domain.roster import Ghosts
from ..ports import GetSettings


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """A reply that was not delivered, and who wrote it as far as an id says."""

    reply: StrangerReply
    telegram_id: int | None


class RecordService:
    """Reads what was written down, newest first; each list goes on after the id of an entry."""

    def __init__(self, database: Database, settings: GetSettings) -> None:
        self._database, self._settings = database, settings

    async def list_strangers(self, after: str | None, limit: int) -> list[Stranger]:
        """Return replies of people who are not on the allow-list."""
        async with self._database.snapshot() as tx:
            return [self._stranger(reply) for reply in await tx.records.list_strangers(after, limit)]

    async def get_stranger(self, tx: Transaction, record_id: str) -> Stranger | None:
        """Return one of these replies."""
        reply = await tx.records.get_stranger(record_id)
        return None if reply is None else self._stranger(reply)

    def _stranger(self, reply: StrangerReply) -> Stranger:
        settings = self._settings()
        ghosts = Ghosts(bridge_bot=settings.bridge_bot, template=settings.ghost_template)
        return Stranger(reply=reply, telegram_id=ghosts.get_telegram_id(reply.sender))

    async def list_audit(self, reader: Moderator, after: str | None, limit: int) -> list[AuditEntry]:
        """Return acts, but for what others did in their private conversations.

        A block counts for everybody, so everybody may see who made it; not in which conversation.
        """
        async with self._database.snapshot() as tx:
            entries = await tx.records.list_audit(reader.id, after, limit)
        return [entry if entry.actor_id == reader.id else _without_direct(entry) for entry in entries]


def _without_direct(entry: AuditEntry) -> AuditEntry:
    return replace(entry, target={key: value for key, value in entry.target.items() if key != "direct"})
