"""The allow-list at run time: the one place for who may be put on it and taken off it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...db.database import Database
from ...db.transaction import Transaction
from ...domain.errors import Conflict, Invalid, NotFound
from ...domain.model import Moderator, Role
from ...domain.roster import MXID
from ...domain.text import one_line
from ..audit import Actor, write_down
from ..ids import new_ulid
from ..ports import Clock

LONGEST_NAME = 100
LARGEST_TELEGRAM_ID = 10**15 - 1


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is to stand on the allow-list of somebody."""

    name: str
    role: Role
    telegram_id: int | None
    mxid: str | None

    def has_id_of(self, other: Moderator) -> bool:
        """Tell whether one of the ids is the same."""
        return (self.telegram_id is not None and self.telegram_id == other.telegram_id) or (
            self.mxid is not None and self.mxid == other.mxid
        )


def is_mxid(text: str) -> bool:
    """Tell whether a text has the form of a Matrix user id."""
    return MXID.fullmatch(text) is not None


def find_named(team: Iterable[Moderator], words: str) -> list[Moderator]:
    """Return those whom an operator means: by Telegram id, Matrix id or name."""
    return [m for m in team if words and words in (str(m.telegram_id), m.mxid, m.name)]


class TeamService:
    """Shows and changes the allow-list; what stands in the configuration is changed there alone."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def list_members(self) -> list[Moderator]:
        """Return those on the allow-list."""
        async with self._database.snapshot() as tx:
            return await tx.moderators.list_active()

    async def allow(self, actor: Actor, entry: Entry) -> Moderator:
        """Put somebody on the list; one who once was on it keeps the id that old answers name.

        Raises:
            Invalid, Conflict
        """
        entry = _checked(entry)
        async with self._database.transaction() as tx:
            known = next((m for m in await tx.moderators.list_all() if entry.has_id_of(m)), None)
            moderator_id = known.id if known else new_ulid(self._clock.now())
            return await self._put(tx, actor, moderator_id, entry, known)

    async def put(self, actor: Actor, moderator_id: str, entry: Entry) -> tuple[Moderator, bool]:
        """Put somebody on the list under an id, or change who is there; tell whether they are new on it.

        Raises:
            Invalid: the entry is not one.
            Conflict: the configuration has this one, or somebody else has one of the ids.
        """
        entry = _checked(entry)
        async with self._database.transaction() as tx:
            known = next((m for m in await tx.moderators.list_all() if m.id == moderator_id), None)
            listed = {m.id: m for m in await tx.moderators.list_active()}
            if moderator_id not in listed:
                return await self._put(tx, actor, moderator_id, entry, known), True
            _refuse_configured(listed[moderator_id])
            _refuse_taken([m for m in listed.values() if m.id != moderator_id], entry)
            changed = replace(listed[moderator_id], **vars(entry))
            await tx.moderators.update(changed)
            await write_down(
                tx,
                self._clock.now(),
                actor,
                "moderator.changed",
                {"moderator": moderator_id},
                {"name": entry.name, "role": entry.role},
            )
        return changed, False

    async def _put(
        self, tx: Transaction, actor: Actor, moderator_id: str, entry: Entry, known: Moderator | None
    ) -> Moderator:
        _refuse_taken(await tx.moderators.list_active(), entry)
        moderator = Moderator(id=moderator_id, source="runtime", **vars(entry))
        await (tx.moderators.update if known else tx.moderators.add)(moderator)
        await write_down(
            tx,
            self._clock.now(),
            actor,
            "moderator.allowed",
            {"moderator": moderator.id},
            {"name": moderator.name},
        )
        return moderator

    async def deny(self, actor: Actor, moderator_id: str) -> Moderator:
        """Take somebody off the list, and void their tokens; return who it was.

        Raises:
            NotFound: nobody there has this id.
            Conflict: the configuration has this one.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            found = next((m for m in await tx.moderators.list_active() if m.id == moderator_id), None)
            if found is None:
                raise NotFound
            _refuse_configured(found)
            await tx.moderators.retire(moderator_id)
            await tx.access.revoke_retired(now)
            await write_down(
                tx, now, actor, "moderator.denied", {"moderator": moderator_id}, {"name": found.name}
            )
        return found


def _checked(entry: Entry) -> Entry:
    name = one_line(entry.name, LONGEST_NAME)
    if not name:
        raise Invalid("name must be what customers see.", field="name")
    if entry.telegram_id is None and entry.mxid is None:
        raise Invalid("telegram_id or mxid must be given.", field="telegram_id")
    if entry.telegram_id is not None and not 1 <= entry.telegram_id <= LARGEST_TELEGRAM_ID:
        raise Invalid("telegram_id must be a Telegram user's number.", field="telegram_id")
    if entry.mxid is not None and not is_mxid(entry.mxid):
        raise Invalid("mxid must be a Matrix id such as @you:example.org.", field="mxid")
    return replace(entry, name=name)


def _refuse_configured(moderator: Moderator) -> None:
    if moderator.source != "runtime":
        raise Conflict(f"{moderator.name} stands in the configuration: change the line there.")


def _refuse_taken(others: list[Moderator], entry: Entry) -> None:
    holder = next((m for m in others if entry.has_id_of(m)), None)
    if holder is not None:
        same = entry.telegram_id is not None and entry.telegram_id == holder.telegram_id
        raise Conflict(
            f"{holder.name} is on the allow-list already.", field="telegram_id" if same else "mxid"
        )
