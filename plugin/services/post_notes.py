"""What the room has taken, noted in the database: all that waits for it in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..db.database import Database
from ..domain.errors import Unavailable
from ..domain.model import Batch
from .delivery import DeliveryService


@dataclass(eq=False, kw_only=True)
class _Entry:
    """A batch whose posts are in the room."""

    batch: Batch
    posts: Mapping[int, str]
    is_noted: bool = False
    taken_back: bool = False
    error: Unavailable | None = None


class PostNotes:
    """Notes which events the parts of batches became; who comes while one is written goes with the next."""

    def __init__(self, database: Database, delivery: DeliveryService, own_mxid: str) -> None:
        self._database, self._delivery, self._own_mxid = database, delivery, own_mxid
        self._writing = asyncio.Lock()
        self._waiting: list[_Entry] = []

    async def note(self, batch: Batch, posts: Mapping[int, str]) -> bool:
        """Note that these parts of a batch are in the room; return whether they are to be redacted.

        Raises:
            Unavailable: the database can't take it now.
        """
        entry = _Entry(batch=batch, posts=posts)
        self._waiting.append(entry)
        try:
            async with self._writing:
                if not entry.is_noted and entry.error is None:
                    await self._write_with(entry)
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)
        if entry.error is not None:
            raise entry.error
        return entry.taken_back

    async def _write_with(self, entry: _Entry) -> None:
        # By age, in which all who lock several batches take them.
        group = sorted(self._waiting, key=lambda waiting: waiting.batch.id)
        try:
            await self._write(group)
        except Unavailable as error:
            for one in group:
                one.error = error
        except Exception:
            if len(group) == 1:
                raise
            # One that can't be noted must not keep the others from it: each by itself.
            await self._write([entry])
            group = [entry]
        self._waiting = [waiting for waiting in self._waiting if waiting not in group]

    async def _write(self, group: Sequence[_Entry]) -> None:
        async with self._database.transaction() as tx:
            taken_back = [
                await self._delivery.note_posts(tx, one.batch, one.batch.attempt, one.posts, self._own_mxid)
                for one in group
            ]
        for one, is_taken_back in zip(group, taken_back, strict=True):
            one.is_noted, one.taken_back = True, is_taken_back
