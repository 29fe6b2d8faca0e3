"""channels.* and the messages.* methods about chats: what they are and who is in them."""

from __future__ import annotations

from typing import Any

from telethon.tl import types as t

from ..model import Chat
from ..rpc import Caller, RefusalError, answers
from ..views import Views
from ..world import World
from .peers import require_channel

DEFAULT_PAGE = 100


class ChatMethods:
    """Methods that describe chats and their members."""

    def __init__(self, world: World, views: Views) -> None:
        self._world = world
        self._views = views

    @answers("messages.GetChats")
    def get_chats(self, caller: Caller, request: Any) -> t.messages.Chats:
        found = [self._world.chats.get(-chat_id) for chat_id in request.id]
        return t.messages.Chats([self._views.chat(chat) for chat in found if chat])

    @answers("channels.GetChannels")
    def get_channels(self, caller: Caller, request: Any) -> t.messages.Chats:
        found = [require_channel(self._world, peer) for peer in request.id]
        return t.messages.Chats([self._views.chat(chat) for chat in found])

    @answers("channels.GetFullChannel")
    def get_full_channel(self, caller: Caller, request: Any) -> t.messages.ChatFull:
        chat = require_channel(self._world, request.channel)
        full = t.ChannelFull(
            id=chat.bare_id,
            about=chat.about,
            read_inbox_max_id=0,
            read_outbox_max_id=0,
            unread_count=0,
            chat_photo=t.PhotoEmpty(0),
            notify_settings=t.PeerNotifySettings(),
            bot_info=[],
            pts=chat.pts,
            can_view_participants=True,
            participants_count=len(chat.members),
            available_reactions=t.ChatReactionsAll(),
        )
        bot = self._views.user(self._world.bot)
        return t.messages.ChatFull(full_chat=full, chats=[self._views.chat(chat)], users=[bot])

    @answers("messages.GetFullChat")
    def get_full_chat(self, caller: Caller, request: Any) -> t.messages.ChatFull:
        chat = self._world.chats.get(-request.chat_id)
        if chat is None:
            raise RefusalError(400, "CHAT_ID_INVALID")
        members = sorted(chat.members)
        full = t.ChatFull(
            id=chat.bare_id,
            about=chat.about,
            participants=t.ChatParticipants(chat.bare_id, _group_participants(chat, members), 1),
            notify_settings=t.PeerNotifySettings(),
        )
        users = self._views.users(members)
        return t.messages.ChatFull(full_chat=full, chats=[self._views.chat(chat)], users=users)

    @answers("channels.GetParticipants")
    def get_participants(self, caller: Caller, request: Any) -> t.channels.ChannelParticipants:
        chat = require_channel(self._world, request.channel)
        only_admins = isinstance(request.filter, t.ChannelParticipantsAdmins)
        members = sorted(chat.members & chat.admins if only_admins else chat.members)
        page = members[request.offset : request.offset + (request.limit or DEFAULT_PAGE)]
        participants = [self._views.participant(chat, user_id) for user_id in page]
        return t.channels.ChannelParticipants(len(members), participants, [], self._views.users(page))

    @answers("channels.GetParticipant")
    def get_participant(self, caller: Caller, request: Any) -> t.channels.ChannelParticipant:
        chat = require_channel(self._world, request.channel)
        is_self = isinstance(request.participant, t.InputPeerSelf)
        user_id = self._world.account.bot_id if is_self else getattr(request.participant, "user_id", 0)
        if user_id not in chat.members:
            raise RefusalError(400, "USER_NOT_PARTICIPANT")
        participant = self._views.participant(chat, user_id)
        return t.channels.ChannelParticipant(participant, [], self._views.users([user_id]))


def _group_participants(chat: Chat, members: list[int]) -> list[t.TypeChatParticipant]:
    creator = [t.ChatParticipantCreator(user_id) for user_id in members[:1]]
    return creator + [t.ChatParticipant(user_id, user_id, chat.date) for user_id in members[1:]]
