"""The one door from the rooms: every event is read from a stored cursor, stored, and handled once.

A sync event only wakes it. So start-up, a gap, a reload and plain traffic are the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from logging import Logger

from ..db.database import Database
from ..domain.errors import Unavailable
from ..domain.model import RoomEvent
from .background import Worker
from .ports import MatrixFailed, MatrixGateway
from .quiet_room import QuietRoom
from .replies import ReplyService
from .room import SupportRoom

_POLL_SECONDS = 30.0
"""Between looks without a wake-up; a hint can get lost."""

_PAGE = 100

_POST = "m.room.message"


class Inbox:
    """Reads the support room and the direct rooms, each in its order."""

    def __init__(
        self,
        *,
        database: Database,
        gateway: MatrixGateway,
        room: SupportRoom,
        quiet_room: QuietRoom,
        replies: ReplyService,
        log: Logger,
    ) -> None:
        self._database, self._gateway, self._room = database, gateway, room
        self._quiet_room = quiet_room
        self._replies, self._log = replies, log
        self._reading = asyncio.Lock()
        self._failures = 0
        self.worker = Worker("inbox", self._turn, log)

    async def begin(self) -> None:
        """Set the cursor to the live end at the very first start, before anything can be sent.

        Raises:
            MatrixFailed: the homeserver does not tell where that is.
        """
        async with self._database.snapshot() as tx:
            if await tx.inbox.get_cursor() is not None:
                return
        live_end = await self._gateway.get_live_end()
        async with self._database.transaction() as tx:
            await tx.inbox.start_at(live_end)

    async def _turn(self) -> float:
        try:
            await self.catch_up()
        except MatrixFailed as error:
            self._log.warning("The rooms can't be read, trying again: %s", error)
            self._failures += 1
            return float(min(2**self._failures / 2, _POLL_SECONDS))
        self._failures = 0
        return _POLL_SECONDS

    async def catch_up(self) -> None:
        """Read and handle what happened up to now.

        Raises:
            MatrixFailed: the rooms can't be read; nothing is lost by that.
        """
        async with self._reading:
            # First what a former process stored and did not get to.
            await self._handle_waiting()
            await self._read()
            await self._handle_waiting()

    async def _read(self) -> None:
        async with self._database.snapshot() as tx:
            since = await tx.inbox.get_cursor()
        if since is None or self._room.room_id is None:
            return
        stretch = await self._gateway.read_since(since, self._pick_ours)
        if self._room.room_id in stretch.left:
            # The cursor stays where the bot was in the room: what is said meanwhile is read when it is back.
            self._room.note_left()
            raise MatrixFailed("the bot is not in the support room")
        async with self._database.transaction() as tx:
            position = await tx.inbox.move_cursor(since, stretch.next_batch, len(stretch.events))
            if position is None:
                return
            events = [replace(event, position=at) for at, event in enumerate(stretch.events, position + 1)]
            # Of its own posts the relay has told already, but for those in whose sending it died.
            # Its word on a stand-in is no post: like the bridge's, it costs no look.
            own = [e.event_id for e in events if e.sender == self._gateway.mxid and e.type == _POST]
            known = await tx.inbox.list_known_posts(own)
            await tx.inbox.add_events(events, handled=dict.fromkeys(known, "own"))

    async def _pick_ours(self, room_ids: Collection[str]) -> Collection[str]:
        """Return the support room, the quiet room and the direct rooms among some rooms.

        Asked once the homeserver has answered: a direct room is stored before anybody is invited to it, so
        whatever a moderator said in that answer was said in a room that is known here.
        """
        async with self._database.snapshot() as tx:
            direct_rooms = await tx.directs.list_rooms_among(room_ids)
        ours = (self._room.room_id, self._quiet_room.room_id, *direct_rooms)
        return [room_id for room_id in room_ids if room_id in ours]

    async def _handle_waiting(self) -> None:
        while True:
            async with self._database.snapshot() as tx:
                waiting = await tx.inbox.list_waiting(_PAGE)
            for event in waiting:
                await self._handle(event)
            if len(waiting) < _PAGE:
                return

    async def _handle(self, event: RoomEvent) -> None:
        try:
            await self._replies.handle(event)
        except Unavailable:
            raise
        except Exception:
            # One event that this version can't digest must not stop the others; it is kept.
            self._log.exception("Event %s could not be handled and was set aside", event.event_id)
            async with self._database.transaction() as tx:
                await tx.inbox.set_aside(event.event_id, "error")
