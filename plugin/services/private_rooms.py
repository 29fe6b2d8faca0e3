"""Rooms of the bot and one other person."""

from __future__ import annotations

from ..db.database import Database
from ..domain.model import Moderator
from .ports import MatrixFailed, MatrixGateway
from .room import SupportRoom

IN = ("join", "invite", "knock")
"""Memberships of people who see, or may soon see, what is said in a room."""

TOPIC = "The bot and you: !headset help"


async def keep_private(gateway: MatrixGateway, room_id: str, person: str) -> bool:
    """Let one person and nobody else be in a room, or invited; False: the bot itself is not in it."""
    members = await gateway.get_members(room_id)
    if members.get(gateway.mxid) != "join":
        return False
    for mxid, membership in members.items():
        # A former Matrix id of the person's, or somebody whom a server's admin put there.
        if mxid not in (gateway.mxid, person) and membership in IN:
            await gateway.remove(room_id, mxid, "This conversation is private.")
    if members.get(person) not in ("join", "invite"):
        await gateway.invite(room_id, person)
    return True


class PrivateRooms:
    """Finds the room in which the bot tells a moderator what is nobody else's business."""

    def __init__(self, database: Database, gateway: MatrixGateway, support_room: SupportRoom) -> None:
        self._database, self._gateway, self._support_room = database, gateway, support_room

    async def find(self, asked_in: str, moderator: Moderator) -> str:
        """Return the room in which a moderator asked, if nobody else is in it, else one of the two of us.

        Raises:
            MatrixFailed: there is none now.
        """
        assert moderator.mxid is not None  # noqa: S101 - who asks in Matrix has one
        if await self._is_of_two(asked_in, moderator.mxid):
            return asked_in
        # The moderator's id is no direct conversation's, so neither is the room.
        room_id = await self._gateway.open_direct_room(moderator.id, "Headset", TOPIC)
        await self._refuse_others_room(room_id)
        if not await keep_private(self._gateway, room_id, moderator.mxid):
            raise MatrixFailed("the bot is not in our room any more, another one is made")
        return room_id

    async def _is_of_two(self, room_id: str, person: str) -> bool:
        try:
            await self._refuse_others_room(room_id)
        except MatrixFailed:
            return False
        members = await self._gateway.get_members(room_id)
        return {mxid for mxid, membership in members.items() if membership in IN} == {
            self._gateway.mxid,
            person,
        }

    async def _refuse_others_room(self, room_id: str) -> None:
        """Refuse the group's room, and a customer's: there the moderator's words go to the customer."""
        if self._support_room.room_id in (None, room_id):
            raise MatrixFailed("it may be the support room")
        async with self._database.snapshot() as tx:
            if await tx.directs.get_by_room(room_id) is not None:
                raise MatrixFailed("it is the room of a conversation with a customer")
