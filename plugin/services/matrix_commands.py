"""`!headset` in Matrix: who may ask for what, in one table, and the help that is made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ..domain.commands import BOT_PREFIX
from ..domain.model import Moderator
from ..domain.text import one_line
from .mod.team import TeamService
from .ports import GetSettings


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Somebody's command."""

    room_id: str
    by: Moderator
    """The one on the allow-list who has this Matrix id."""
    mxid: str
    is_operator: bool
    """Whether they are one of `admins`."""
    words: str
    """What follows the command."""


@dataclass(frozen=True, kw_only=True)
class MatrixCommand:
    """A command with its line in the help."""

    usage: str
    does: str
    run: Callable[[Asked], Awaitable[str | None]]
    """Returns the answer; None: it was given elsewhere."""
    for_moderators: bool = False
    """Whether it is for all moderators with a Matrix id; else it is for the members of `admins`."""


class MatrixCommands:
    """Answers the members of `admins` and, some, all moderators; to anybody else it says nothing."""

    def __init__(
        self, team: TeamService, settings: GetSettings, *tables: Mapping[str, MatrixCommand]
    ) -> None:
        self._team, self._settings = team, settings
        self._commands = {name: command for table in tables for name, command in table.items()}
        self._commands["help"] = MatrixCommand(usage="help", does="this", run=self._help, for_moderators=True)

    async def answer(self, room_id: str, sender: str, text: str) -> str | None:
        """Return the answer to a text in any room; None where there is nothing to say to it there."""
        prefix, _, rest = text.strip().partition(" ")
        if prefix != BOT_PREFIX:
            return None
        by = next((m for m in await self._team.list_members() if m.mxid == sender), None)
        if by is None:
            return None
        name, _, words = rest.strip().partition(" ")
        is_operator = sender in self._settings().admins
        asked = Asked(room_id=room_id, by=by, mxid=sender, is_operator=is_operator, words=words.strip())
        command = self._commands.get(name or "help")
        if command is None or not _may(asked, command):
            return f"{one_line(name, 32)} is not a command.\n{await self._help(asked)}"
        return await command.run(asked)

    async def _help(self, asked: Asked) -> str:
        return "\n".join(
            f"{BOT_PREFIX} {command.usage} - {command.does}"
            for command in self._commands.values()
            if _may(asked, command)
        )


def _may(asked: Asked, command: MatrixCommand) -> bool:
    return asked.is_operator or command.for_moderators
