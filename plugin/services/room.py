"""The support room: joined, and joined again when the operator names another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from logging import Logger

from ..db.database import Database
from .background import Worker
from .ports import GetSettings, MatrixFailed, MatrixGateway, RoomFacts

_CHECK_SECONDS = 60.0
_RETRY_SECONDS = 10.0


class SupportRoom:
    """Knows the id of the room that the settings name, once the bot is in it."""

    def __init__(
        self, database: Database, gateway: MatrixGateway, settings: GetSettings, log: Logger
    ) -> None:
        self._database = database
        self._gateway, self._settings, self._log = gateway, settings, log
        self.problem: str | None = None
        """Why the bot is not in the room; None where it is."""
        self.facts: RoomFacts | None = None
        """What is known of the room since the last look."""
        self._joined: tuple[str, str] | None = None
        self._prepare: Callable[[], Awaitable[None]] | None = None
        self._users: Sequence[Worker] = ()
        self.worker = Worker("support room", self._ensure_joined, log)

    def open_with(self, prepare: Callable[[], Awaitable[None]], users: Sequence[Worker]) -> None:
        """Run `prepare` before the room counts as open, and wake `users` when it does."""
        self._prepare, self._users = prepare, users

    @property
    def room_id(self) -> str | None:
        """The id of the room; None while the bot is not in it."""
        named = self._settings().support_room
        return self._joined[1] if self._joined and self._joined[0] == named else None

    def note_left(self) -> None:
        """Join again, as the bot is seen not to be in the room; until then it counts as not open."""
        self._joined = None
        self.worker.wake()

    async def _ensure_joined(self) -> float:
        named = self._settings().support_room
        try:
            room_id = await self._gateway.join_room(named)
            room_id = await self._follow(room_id)
            await self._refuse_direct(room_id)
            if self._prepare is not None:
                await self._prepare()
            self.facts = await self._gateway.get_room_facts(room_id, self._settings().bridge_bot)
        except MatrixFailed as error:
            self._log.warning("Can't join the support room %s, trying again: %s", named, error)
            self.problem = str(error)
            self._joined = None
            return _RETRY_SECONDS
        self.problem = None
        if self._joined != (named, room_id):
            self._joined = (named, room_id)
            self._log.info("In the support room %s", room_id)
            for worker in self._users:
                worker.wake()
        return _CHECK_SECONDS

    async def _refuse_direct(self, room_id: str) -> None:
        """Keep a private conversation out of the group, whoever names or appoints its room."""
        async with self._database.snapshot() as tx:
            if await tx.directs.get_by_room(room_id) is not None:
                raise MatrixFailed(f"{room_id} is the room of a direct conversation")

    async def _follow(self, room_id: str) -> str:
        """Join the room that a tombstone points at, and the one after it; return the last."""
        passed = {room_id}
        while True:
            async with self._database.snapshot() as tx:
                replacement = await tx.inbox.get_replacement(room_id)
            if replacement is None or replacement in passed:
                return room_id
            room_id = await self._gateway.join_room(replacement)
            passed.add(room_id)
            self._log.warning("The support room was replaced by %s: set support_room to it", room_id)
