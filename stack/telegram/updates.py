"""The update boxes: what changed, numbered by pts (or qts), for clients that come back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from telethon.extensions import BinaryReader
from telethon.tl import types as t

from .model import Chat, now
from .world import World

ACCOUNT_PTS, ACCOUNT_QTS = "pts", "qts"


class UpdateLog:
    """Makes updates, logs each in its box, and reads back what a client missed."""

    def __init__(self, world: World) -> None:
        self._world = world

    def new_message(self, chat: Chat, message: t.TypeMessage) -> t.TypeUpdate:
        kind = t.UpdateNewChannelMessage if chat.is_channel else t.UpdateNewMessage
        return self._advance(chat, 1, lambda pts: kind(message, pts, 1))

    def edited_message(self, chat: Chat, message: t.TypeMessage) -> t.TypeUpdate:
        kind = t.UpdateEditChannelMessage if chat.is_channel else t.UpdateEditMessage
        return self._advance(chat, 1, lambda pts: kind(message, pts, 1))

    def deleted_messages(self, chat: Chat, ids: list[int]) -> t.TypeUpdate:
        if chat.is_channel:
            return self._advance(
                chat, len(ids), lambda pts: t.UpdateDeleteChannelMessages(chat.bare_id, ids, pts, len(ids))
            )
        return self._advance(chat, len(ids), lambda pts: t.UpdateDeleteMessages(ids, pts, len(ids)))

    def reaction(
        self, chat: Chat, message_id: int, actor: t.TypePeer, old: list[str], new: list[str]
    ) -> t.TypeUpdate:
        """Log a reaction; a bot that is an admin gets it by qts, never as updateMessageReactions."""
        account = self._world.account
        account.qts += 1
        self._world.save_account()
        update = t.UpdateBotMessageReaction(
            peer=chat.peer,
            msg_id=message_id,
            date=now(),
            actor=actor,
            old_reactions=[t.ReactionEmoji(emoji) for emoji in old],
            new_reactions=[t.ReactionEmoji(emoji) for emoji in new],
            qts=account.qts,
        )
        self._world.store.append_update(ACCOUNT_QTS, account.qts, bytes(update))
        return update

    def account_difference(self, pts: int, qts: int, since: datetime) -> list[t.TypeUpdate]:
        """Return the account's updates past pts and qts, and a "too long" for each channel that moved on."""
        missed = self._read(ACCOUNT_PTS, pts) + self._read(ACCOUNT_QTS, qts)
        moved_on = [
            t.UpdateChannelTooLong(chat.bare_id)
            for chat in self._world.chats.values()
            if chat.is_channel
            and chat.changed >= since.timestamp()
            and self._world.account.bot_id in chat.members
        ]
        return missed + moved_on

    def channel_difference(self, chat: Chat, pts: int) -> list[t.TypeUpdate]:
        return self._read(str(chat.id), pts)

    def _advance(self, chat: Chat, count: int, make: Callable[[int], t.TypeUpdate]) -> t.TypeUpdate:
        if chat.is_channel:
            chat.pts += count
            chat.changed = time.time()
            self._world.save_chat(chat)
            box, pts = str(chat.id), chat.pts
        else:
            self._world.account.pts += count
            self._world.save_account()
            box, pts = ACCOUNT_PTS, self._world.account.pts
        update = make(pts)
        self._world.store.append_update(box, pts, bytes(update))
        return update

    def _read(self, box: str, pts: int) -> list[t.TypeUpdate]:
        bodies = self._world.store.load_updates_after(box, pts)
        updates = [BinaryReader(body).tgread_object() for body in bodies]
        return [update for update in updates if self._bring_up_to_date(update)]

    def _bring_up_to_date(self, update: t.TypeUpdate) -> bool:
        # A difference shows a message as it is by now, and none that is gone.
        if (message := getattr(update, "message", None)) is not None:
            chat = self._world.get_chat_by_peer(message.peer_id)
            update.message = self._world.get_message(chat, message.id) if chat else None
            return update.message is not None
        return True
