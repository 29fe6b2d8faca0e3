"""`!headset token`, `tokens` and `revoke`: what moderators sign in with at their consoles."""

from __future__ import annotations

from ..domain.errors import NotFound
from ..domain.model import Moderator, ModeratorToken
from ..domain.text import one_line
from .audit import acting_in_matrix
from .matrix_commands import Asked, MatrixCommand
from .mod.access import CODE_LASTS, AccessService
from .mod.code_posts import CodePosts
from .mod.team import TeamService, find_named
from .ports import MatrixFailed, MatrixGateway
from .private_rooms import PrivateRooms

_IN_OUR_ROOM = "The answer is in our private room."


class TokenOrders:
    """Answers in a room of the bot and whoever asks, and nowhere else."""

    def __init__(
        self,
        *,
        team: TeamService,
        access: AccessService,
        rooms: PrivateRooms,
        posts: CodePosts,
        gateway: MatrixGateway,
    ) -> None:
        self._team, self._access, self._rooms = team, access, rooms
        self._posts, self._gateway = posts, gateway
        self.commands = {
            "token": MatrixCommand(
                usage="token [name or Telegram id]",
                does="a code for a console; for somebody else, if you are one of admins",
                run=self._make_code,
                for_moderators=True,
            ),
            "tokens": MatrixCommand(
                usage="tokens", does="which consoles are signed in", run=self._list, for_moderators=True
            ),
            "revoke": MatrixCommand(
                usage="revoke <id>", does="sign a console out", run=self._revoke, for_moderators=True
            ),
        }

    async def _make_code(self, asked: Asked) -> str | None:
        moderator = await self._find(asked)
        if isinstance(moderator, str):
            return moderator
        try:
            room_id = await self._rooms.find(asked.room_id, asked.by)
            code, stored = await self._access.make_code(acting_in_matrix(asked.mxid), moderator, room_id)
            await self._posts.tell(stored, _text(code, moderator))
        except MatrixFailed as error:
            return _no_room(error)
        return None if room_id == asked.room_id else _IN_OUR_ROOM

    async def _find(self, asked: Asked) -> Moderator | str:
        """Return whom the code is to be for, or why there is none."""
        if not asked.words:
            return asked.by
        found = find_named(await self._team.list_members(), asked.words)
        if found == [asked.by]:
            return asked.by
        if not asked.is_operator:
            return "Only one of admins makes a code for somebody else."
        if len(found) != 1:
            return f"{len(found) or 'Nobody'} on the allow-list is {one_line(asked.words, 64)}."
        return found[0]

    async def _list(self, asked: Asked) -> str | None:
        tokens = await self._access.list_tokens(asked.by)
        return await self._say(asked, "\n".join(map(_line, tokens)) or "No console is signed in.")

    async def _revoke(self, asked: Asked) -> str | None:
        try:
            token = await self._access.revoke(acting_in_matrix(asked.mxid), asked.by, asked.words.upper())
        except NotFound:
            return await self._say(asked, f"There is no token {one_line(asked.words, 32)}. See tokens.")
        return await self._say(asked, f"✓ a console of {token.moderator.name} is signed out")

    async def _say(self, asked: Asked, text: str) -> str | None:
        """Say it in a room of the two; return what to say where it was asked, if that is another."""
        try:
            room_id = await self._rooms.find(asked.room_id, asked.by)
            if room_id == asked.room_id:
                return text
            await self._gateway.send_notice(room_id, text)
        except MatrixFailed as error:
            return _no_room(error)
        return _IN_OUR_ROOM


def _text(code: str, moderator: Moderator) -> str:
    minutes = int(CODE_LASTS.total_seconds() // 60)
    return (
        f"A console signs in once as {moderator.name} with this code, within {minutes} minutes."
        f" Then I take it back.\n\n{code}"
    )


def _line(token: ModeratorToken) -> str:
    used = f"used {token.used_at:%d %b %H:%M} UTC" if token.used_at else "never used"
    return f"{token.id} {token.moderator.name}: made {token.created_at:%d %b %H:%M} UTC, {used}"


def _no_room(error: MatrixFailed) -> str:
    return f"I have no private room with you yet ({error}). Ask me again."
