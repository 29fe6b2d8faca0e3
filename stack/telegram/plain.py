"""Messages in a plain JSON shape, for the team's page and for tests."""

from __future__ import annotations

from typing import Any

from telethon.tl import types as t

from .media import kind_of
from .model import Chat, channel_chat_id
from .world import World

ANONYMOUS, AS_GROUP = "anonymous", "anonymous-channel"
"""An anonymous admin's post: without a sender, or with the group itself as the sender."""

ENTITY_TYPES = {
    t.MessageEntityBotCommand: "bot_command",
    t.MessageEntityMention: "mention",
    t.MessageEntityMentionName: "mention",
    t.InputMessageEntityMentionName: "mention",
    t.MessageEntityUrl: "url",
    t.MessageEntityTextUrl: "text_url",
    t.MessageEntityBold: "bold",
    t.MessageEntityItalic: "italic",
    t.MessageEntityUnderline: "underline",
    t.MessageEntityStrike: "strike",
    t.MessageEntityCode: "code",
    t.MessageEntityPre: "pre",
    t.MessageEntityBlockquote: "blockquote",
}


def describe_message(world: World, chat: Chat, message: t.TypeMessage) -> dict[str, Any]:
    """Return {id, from, name, kind, text, entities, reply_to, quote, date, edited, out}."""
    reply = message.reply_to
    is_service = isinstance(message, t.MessageService)
    sender = _sender(chat, message)
    return {
        "id": message.id,
        "from": sender,
        "name": _sender_name(world, chat, sender),
        "kind": "service" if is_service else kind_of(message.media),
        "text": _describe_action(world, message.action) if is_service else message.message,
        "entities": [] if is_service else [_entity(entity) for entity in message.entities or []],
        "reply_to": reply.reply_to_msg_id if reply else None,
        "quote": getattr(reply, "quote_text", None),
        "date": message.date.isoformat(),
        "edited": not is_service and message.edit_date is not None,
        "out": bool(message.out),
    }


def _sender(chat: Chat, message: t.TypeMessage) -> int | str | dict[str, int]:
    peer = message.from_id
    if peer is None:
        return ANONYMOUS
    if isinstance(peer, t.PeerUser):
        return int(peer.user_id)
    if peer == chat.peer:
        return AS_GROUP
    return {"channel": peer.channel_id}


def _sender_name(world: World, chat: Chat, sender: int | str | dict[str, int]) -> str:
    if isinstance(sender, int):
        return world.users[sender].name if sender in world.users else f"User {sender}"
    if isinstance(sender, dict):
        channel = world.chats.get(channel_chat_id(sender["channel"]))
        return channel.title if channel else f"Channel {sender['channel']}"
    return chat.title


def _entity(entity: t.TypeMessageEntity) -> dict[str, Any]:
    kind, url = ENTITY_TYPES.get(type(entity), "other"), getattr(entity, "url", None)
    found = {"type": kind, "offset": entity.offset, "length": entity.length}
    return found | {"url": url} if url else found


def _describe_action(world: World, action: t.TypeMessageAction) -> str:
    def name(user_id: int) -> str:
        return world.users[user_id].name if user_id in world.users else f"User {user_id}"

    if isinstance(action, t.MessageActionChatAddUser):
        return "added " + ", ".join(name(user_id) for user_id in action.users)
    if isinstance(action, t.MessageActionChatDeleteUser):
        return f"removed {name(action.user_id)}"
    if isinstance(action, t.MessageActionChatEditTitle):
        return f"changed the group's name to “{action.title}”"
    return type(action).__name__
