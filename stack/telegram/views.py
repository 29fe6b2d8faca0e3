"""TL objects as the bot's account sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from telethon.tl import types as t

from .model import Chat, User, now
from .world import World

NEVER = datetime.fromtimestamp(0, timezone.utc)


class Views:
    """Turns the world's users and chats into TL users, chats and participants."""

    def __init__(self, world: World) -> None:
        self._world = world

    def user(self, user: User) -> t.User:
        return t.User(
            id=user.id,
            is_self=user.id == self._world.account.bot_id,
            bot=user.bot or None,
            bot_chat_history=(user.bot and not user.privacy) or None,
            bot_info_version=1 if user.bot else None,
            access_hash=user.access_hash,
            first_name=user.first_name,
            last_name=user.last_name or None,
            username=user.username or None,
            premium=user.premium or None,
            deleted=user.deleted or None,
        )

    def users(self, user_ids: list[int]) -> list[t.User]:
        return [self.user(self._world.users[user_id]) for user_id in user_ids if user_id in self._world.users]

    def chat(self, chat: Chat) -> t.TypeChat:
        return self._channel(chat) if chat.is_channel else self._basic_group(chat)

    def _channel(self, chat: Chat) -> t.Channel:
        bot_id = self._world.account.bot_id
        rights = _admin_rights(change_info=True, pin_messages=True) if bot_id in chat.admins else None
        return t.Channel(
            id=chat.bare_id,
            title=chat.title,
            photo=t.ChatPhotoEmpty(),
            date=chat.date,
            megagroup=not chat.broadcast or None,
            broadcast=chat.broadcast or None,
            forum=chat.forum or None,
            username=chat.username or None,
            access_hash=chat.bare_id * 11 + 3,
            participants_count=len(chat.members),
            left=bot_id not in chat.members or None,
            admin_rights=rights,
            default_banned_rights=t.ChatBannedRights(until_date=NEVER),
        )

    def _basic_group(self, chat: Chat) -> t.Chat:
        return t.Chat(
            id=chat.bare_id,
            title=chat.title,
            photo=t.ChatPhotoEmpty(),
            participants_count=len(chat.members),
            date=chat.date,
            version=1,
            left=self._world.account.bot_id not in chat.members or None,
            default_banned_rights=t.ChatBannedRights(until_date=NEVER),
        )

    def participant(self, chat: Chat, user_id: int) -> t.TypeChannelParticipant:
        bot_id = self._world.account.bot_id
        if user_id not in chat.admins:
            return t.ChannelParticipant(user_id, chat.date)
        if user_id == bot_id:
            return t.ChannelParticipantAdmin(bot_id, bot_id, chat.date, _admin_rights(pin_messages=True))
        rights = _admin_rights(anonymous=chat.anonymous == user_id or None)
        return t.ChannelParticipantAdmin(user_id, bot_id, chat.date, rights)

    def updates(self, updates: list[t.TypeUpdate], *about: object) -> t.Updates:
        """Return updates with the users and chats that they are about."""
        users, chats = self.related(*about)
        return t.Updates(updates=updates, users=users, chats=chats, date=now(), seq=0)

    def related(self, *objects: object) -> tuple[list[t.User], list[t.TypeChat]]:
        """Return the users and chats that messages, peers or updates speak of, and always the bot."""
        user_ids = {self._world.account.bot_id}
        chats: dict[int, Chat] = {}
        for peer in (peer for item in objects for peer in _peers_of(item)):
            if isinstance(peer, t.PeerUser):
                user_ids.add(peer.user_id)
            elif (chat := self._world.get_chat_by_peer(peer)) is not None:
                chats[chat.id] = chat
        return self.users(sorted(user_ids)), [self.chat(chat) for chat in chats.values()]


def _peers_of(item: object) -> Iterator[t.TypePeer]:
    if isinstance(item, (t.PeerUser, t.PeerChannel, t.PeerChat)):
        yield item
    for name in ("peer_id", "from_id", "peer", "actor"):
        yield getattr(item, name, None)
    yield getattr(getattr(item, "fwd_from", None), "from_id", None)
    for user_id in getattr(getattr(item, "action", None), "users", None) or []:
        yield t.PeerUser(user_id)


def _admin_rights(**more: bool | None) -> t.ChatAdminRights:
    return t.ChatAdminRights(delete_messages=True, ban_users=True, invite_users=True, other=True, **more)
