"""messages.* that send, edit and delete, with Telegram's limits."""

from __future__ import annotations

from typing import Any

from telethon.tl import types as t

from ..conversation import Conversation
from ..entities import add_server_entities, utf16_length
from ..model import Chat, now
from ..rpc import Caller, RefusalError, answers
from ..views import Views
from ..world import World
from .files import FileMethods
from .peers import require_channel, require_chat

MESSAGE_LIMIT, CAPTION_LIMIT = 4096, 1024
"""In UTF-16 units."""


class MessageMethods:
    """Methods by which the bot speaks in a chat."""

    def __init__(self, world: World, views: Views, conversation: Conversation, files: FileMethods) -> None:
        self._world = world
        self._views = views
        self._conversation = conversation
        self._files = files

    @answers("messages.SendMessage")
    def send_message(self, caller: Caller, request: Any) -> t.Updates:
        chat = self._require_membership(request.peer)
        if not request.message.strip():
            raise RefusalError(400, "MESSAGE_EMPTY")
        if utf16_length(request.message) > MESSAGE_LIMIT:
            raise RefusalError(400, "MESSAGE_TOO_LONG")
        return self._post(chat, request, media=None)

    @answers("messages.SendMedia")
    def send_media(self, caller: Caller, request: Any) -> t.Updates:
        chat = self._require_membership(request.peer)
        if utf16_length(request.message or "") > CAPTION_LIMIT:
            raise RefusalError(400, "MEDIA_CAPTION_TOO_LONG")
        return self._post(chat, request, media=self._files.take_media(request.media))

    def _post(self, chat: Chat, request: Any, media: t.TypeMessageMedia | None) -> t.Updates:
        text = request.message or ""
        message = t.Message(
            id=self._world.take_message_id(chat),
            peer_id=chat.peer,
            from_id=t.PeerUser(self._world.account.bot_id),
            date=now(),
            out=True,
            message=text,
            media=media,
            entities=add_server_entities(text, request.entities),
            reply_to=self._reply_header(chat, request.reply_to),
        )
        update = self._conversation.post(chat, message)
        return self._views.updates([t.UpdateMessageID(message.id, request.random_id), update], message)

    @answers("messages.EditMessage")
    def edit_message(self, caller: Caller, request: Any) -> t.Updates:
        chat = require_chat(self._world, request.peer)
        message = self._world.get_message(chat, request.id)
        if message is None:
            raise RefusalError(400, "MESSAGE_ID_INVALID")
        if not message.out:
            raise RefusalError(403, "MESSAGE_AUTHOR_REQUIRED")
        if message.message == request.message:
            raise RefusalError(400, "MESSAGE_NOT_MODIFIED")
        if utf16_length(request.message or "") > MESSAGE_LIMIT:
            raise RefusalError(400, "MESSAGE_TOO_LONG")
        update = self._conversation.edit(chat, message, request.message, request.entities)
        return self._views.updates([update], message)

    @answers("channels.DeleteMessages")
    def delete_channel_messages(self, caller: Caller, request: Any) -> t.messages.AffectedMessages:
        chat = require_channel(self._world, request.channel)
        update = self._conversation.delete(chat, request.id)
        return t.messages.AffectedMessages(chat.pts, update.pts_count if update else 0)

    @answers("messages.DeleteMessages")
    def delete_messages(self, caller: Caller, request: Any) -> t.messages.AffectedMessages:
        # Basic groups: the ids alone say which group.
        count = 0
        for message_id in request.id:
            chat = self._world.find_basic_group_of(message_id)
            if chat is not None and self._conversation.delete(chat, [message_id]):
                count += 1
        return t.messages.AffectedMessages(self._world.account.pts, count)

    @answers("messages.SetTyping")
    def set_typing(self, caller: Caller, request: Any) -> bool:
        return True

    @answers("messages.SendReaction")
    def send_reaction(self, caller: Caller, request: Any) -> t.Updates:
        return self._views.updates([])

    def _require_membership(self, peer: t.TypeInputPeer) -> Chat:
        chat = require_chat(self._world, peer)
        if self._world.account.bot_id not in chat.members:
            raise RefusalError(403, "CHAT_WRITE_FORBIDDEN")
        return chat

    def _reply_header(self, chat: Chat, reply_to: t.TypeInputReplyTo | None) -> t.MessageReplyHeader | None:
        # Telegram sends a reply to a message that is gone as a plain message.
        if reply_to is None or self._world.get_message(chat, reply_to.reply_to_msg_id) is None:
            return None
        return t.MessageReplyHeader(reply_to_msg_id=reply_to.reply_to_msg_id)
