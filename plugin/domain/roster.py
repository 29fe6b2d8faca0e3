"""The allow-list: who speaks for the team, by Matrix id and never by a name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .model import Moderator

MXID = re.compile(r"@[^:\s]+:\S+")
"""The form of a Matrix user id."""


class Ghosts:
    """The Matrix ids that the bridge gives to people of Telegram, on its own server and nowhere else."""

    def __init__(self, *, bridge_bot: str, template: str) -> None:
        self._before, self._after = template.split("{userid}")
        self._server = bridge_bot.partition(":")[2]

    def get_mxid(self, userid: str) -> str:
        """Return the Matrix id of a person's ghost."""
        return f"@{self._before}{userid}{self._after}:{self._server}"

    def get_telegram_id(self, mxid: str) -> int | None:
        """Return the number of the person whose ghost this is; None for anybody else."""
        localpart = mxid[1:].partition(":")[0]
        userid = localpart.removeprefix(self._before).removesuffix(self._after)
        is_number = userid.isascii() and userid.isdigit() and len(userid) < 16
        return int(userid) if is_number and self.get_mxid(str(int(userid))) == mxid else None


class Roster:
    """The moderators by the Matrix ids under which they may write.

    A ghost counts only on the bridge's own server: any other server may own a user of that name.
    """

    def __init__(
        self, moderators: Iterable[Moderator], *, bridge_bot: str, ghost_template: str, own_mxid: str
    ) -> None:
        self.bridge_bot = bridge_bot
        self.own_mxid = own_mxid
        self._by_mxid: dict[str, Moderator] = {}
        self._ghosts = Ghosts(bridge_bot=bridge_bot, template=ghost_template)
        for moderator in moderators:
            if moderator.mxid:
                self._by_mxid[moderator.mxid] = moderator
            if moderator.telegram_id is not None:
                self._by_mxid[self._ghosts.get_mxid(str(moderator.telegram_id))] = moderator

    def find(self, mxid: str) -> Moderator | None:
        """Return the moderator who writes as `mxid`; the bridge bot and this bot are never one."""
        if mxid in (self.bridge_bot, self.own_mxid):
            return None
        return self._by_mxid.get(mxid)

    def is_heard_in_direct(self, mxid: str, moderator_id: str) -> bool:
        """Tell whether `mxid` is the Matrix id of one certain moderator; a ghost of theirs is not."""
        moderator = self.find(mxid)
        return moderator is not None and moderator.id == moderator_id and moderator.mxid == mxid

    def is_anonymous_admin(self, mxid: str, chat_id: int | None) -> bool:
        """Tell whether somebody wrote as the group itself: as the bridge bot, or under the group's number."""
        if mxid == self.bridge_bot:
            return True
        return chat_id is not None and mxid in (
            self._ghosts.get_mxid(str(chat_id)),
            self._ghosts.get_mxid(f"channel-{chat_id}"),
        )
