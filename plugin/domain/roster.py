"""The allow-list: who speaks for the team, by Matrix id and never by a name."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Moderator


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
        server = bridge_bot.partition(":")[2]
        for moderator in moderators:
            if moderator.mxid:
                self._by_mxid[moderator.mxid] = moderator
            if moderator.telegram_id is not None:
                ghost = ghost_template.format(userid=moderator.telegram_id)
                self._by_mxid[f"@{ghost}:{server}"] = moderator

    def find(self, mxid: str) -> Moderator | None:
        """Return the moderator who writes as `mxid`; the bridge bot and this bot are never one."""
        if mxid in (self.bridge_bot, self.own_mxid):
            return None
        return self._by_mxid.get(mxid)
