"""What people do in a chat, and what the bot's clients hear of it."""

from __future__ import annotations

from dataclasses import dataclass

from telethon.tl import types as t

from .conversation import Conversation
from .delivery import Delivery
from .entities import add_server_entities
from .media import Media
from .model import Chat, now
from .updates import UpdateLog
from .world import World


@dataclass(frozen=True, kw_only=True)
class Post:
    """A message that a person is about to send."""

    sender: t.TypePeer | None
    """None is an anonymous admin whose post names no sender."""
    text: str = ""
    media: str | None = None
    reply_to: int | None = None
    quote: str | None = None
    topic: int | None = None
    forward_from: t.TypePeer | None = None
    is_forward: bool = False
    post_author: str | None = None
    via_bot: int | None = None

    def reply_header(self) -> t.MessageReplyHeader | None:
        target = self.reply_to or self.topic
        if target is None:
            return None
        return t.MessageReplyHeader(
            reply_to_msg_id=target,
            forum_topic=True if self.topic else None,
            reply_to_top_id=self.topic if self.reply_to else None,
            quote=True if self.quote else None,
            quote_text=self.quote,
            quote_offset=0 if self.quote else None,
        )


class People:
    """Acts for persons in the chats, and pushes the updates."""

    def __init__(
        self,
        world: World,
        conversation: Conversation,
        updates: UpdateLog,
        media: Media,
        delivery: Delivery,
    ) -> None:
        self._world = world
        self._conversation = conversation
        self._updates = updates
        self._media = media
        self._delivery = delivery

    async def send(self, chat: Chat, post: Post) -> tuple[int, bool]:
        """Send a message; return its id and whether the bot sees it."""
        message = t.Message(
            id=self._world.take_message_id(chat),
            peer_id=chat.peer,
            from_id=post.sender,
            date=now(),
            message=post.text,
            media=self._media.make_sample(post.media) if post.media else None,
            reply_to=post.reply_header(),
            entities=add_server_entities(post.text),
            post_author=post.post_author,
            fwd_from=t.MessageFwdHeader(date=now(), from_id=post.forward_from) if post.is_forward else None,
            via_bot_id=post.via_bot,
        )
        update = self._conversation.post(chat, message)
        await self._push(update, message)
        return message.id, update is not None

    async def edit(self, chat: Chat, message: t.Message, text: str) -> None:
        await self._push(self._conversation.edit(chat, message, text), message)

    async def delete(self, chat: Chat, ids: list[int]) -> None:
        await self._push(self._conversation.delete(chat, ids), chat.peer)

    async def react(
        self, chat: Chat, message_id: int, actor: t.TypePeer, old: list[str], new: list[str]
    ) -> None:
        update = self._updates.reaction(chat, message_id, actor, old, new)
        self._world.commit()
        await self._push(update, update)

    async def add_member(self, chat: Chat, actor: t.TypePeer | None, user_id: int) -> int:
        """Add a user to the chat; return the id of the service message."""
        chat.members.add(user_id)
        return await self._announce(chat, actor, t.MessageActionChatAddUser(users=[user_id]))

    async def remove_member(self, chat: Chat, actor: t.TypePeer | None, user_id: int) -> int:
        """Remove a user from the chat; return the id of the service message."""
        chat.members.discard(user_id)
        chat.admins.discard(user_id)
        return await self._announce(chat, actor, t.MessageActionChatDeleteUser(user_id=user_id))

    async def change_title(self, chat: Chat, actor: t.TypePeer | None, title: str) -> int:
        """Rename the chat; return the id of the service message."""
        chat.title = title
        return await self._announce(chat, actor, t.MessageActionChatEditTitle(title))

    async def _announce(self, chat: Chat, actor: t.TypePeer | None, action: t.TypeMessageAction) -> int:
        self._world.save_chat(chat)
        message_id = self._world.take_message_id(chat)
        message = t.MessageService(id=message_id, peer_id=chat.peer, from_id=actor, date=now(), action=action)
        await self._push(self._conversation.post(chat, message), message)
        return message_id

    async def _push(self, update: t.TypeUpdate | None, *about: object) -> None:
        if update is not None:
            await self._delivery.push(update, *about)
