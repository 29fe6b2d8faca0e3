"""The rooms of direct conversations: made once, for one moderator, and never the group's."""

from __future__ import annotations

from logging import Logger

from ..db.database import Database
from ..domain.model import Direct, Moderator
from .ports import MatrixFailed, MatrixGateway
from .private_rooms import keep_private
from .room import SupportRoom

TOPIC = (
    "Private: one customer and you. What you write here goes to the customer; the team's group sees nothing"
    " of it. Never ask for a seed phrase or a private key. /help"
)


class DirectRooms:
    """Finds the room of a direct conversation, which stands in `direct` and nowhere else."""

    def __init__(
        self, database: Database, gateway: MatrixGateway, support_room: SupportRoom, log: Logger
    ) -> None:
        self._database, self._gateway = database, gateway
        self._support_room, self._log = support_room, log

    async def prepare(self, direct_id: str, *, quiet_room_id: str | None = None) -> str | None:
        """Return the room, made if need be, with the moderator in it or invited, and nobody else.

        For a stand-in it is the quiet room; the other one is made all the same, and nobody is invited.
        None: the moderator is not in Matrix and reads the conversation at the console, where it is already.

        Raises:
            MatrixFailed: permanently where there is no such moderator any more.
        """
        direct, moderator = await self.look_up(direct_id)
        if moderator is None:
            raise MatrixFailed("the moderator is not on the allow-list any more", permanent=True)
        if moderator.mxid is None:
            return None
        try:
            room_id = direct.room_id or await self._make(direct)
            self._refuse_support_room(direct, room_id)
            if quiet_room_id is not None:
                await self._gateway.get_members(room_id)
                return quiet_room_id
            await self._see_to_members(direct, room_id, moderator.mxid)
        except MatrixFailed as error:
            # Nothing about the room is the message's fault.
            raise MatrixFailed(f"the direct room: {error}") from error
        return room_id

    async def look_up(self, direct_id: str) -> tuple[Direct, Moderator | None]:
        """Return the conversation, and its moderator where that one is on the allow-list."""
        async with self._database.snapshot() as tx:
            direct = await tx.directs.get(direct_id)
            assert direct is not None  # noqa: S101 - made in the transaction that made its first row
            team = await tx.moderators.list_active()
        return direct, next((m for m in team if m.id == direct.moderator_id), None)

    async def _make(self, direct: Direct) -> str:
        async with self._database.snapshot() as tx:
            customer = await tx.sessions.get_customer(direct.customer_id)
        assert customer is not None  # noqa: S101 - a foreign key says so
        # Without a name: what a customer has erased must not stay above the room.
        who = f"#{customer.ticket}" if customer.ticket else f"{customer.identity} {direct.id[-4:]}"
        room_id = await self._gateway.open_direct_room(direct.id, f"Direct: {who}", TOPIC)
        self._refuse_support_room(direct, room_id)
        # Known before anybody is invited: so the inbox misses nothing of what is said there.
        async with self._database.transaction() as tx:
            await tx.directs.set_room(direct.id, room_id)
        return room_id

    def _refuse_support_room(self, direct: Direct, room_id: str) -> None:
        support_room = self._support_room.room_id
        if support_room is None or room_id == support_room:
            self._log.error("Direct conversation %s is not sent: %s may be the group's", direct.id, room_id)
            raise MatrixFailed("it may be the support room")

    async def _see_to_members(self, direct: Direct, room_id: str, moderator: str) -> None:
        if not await keep_private(self._gateway, room_id, moderator):
            async with self._database.transaction() as tx:
                await tx.directs.forget_room(direct.id, room_id)
            raise MatrixFailed("the bot is not in it any more, another one is made")
