"""Reading the control API's JSON and queries; whatever is wrong is said with the field's name."""

from __future__ import annotations

from typing import Any

from telethon.tl import types as t

from .model import Chat, User, channel_chat_id
from .plain import ANONYMOUS, AS_GROUP
from .world import World

CHANNEL_PREFIX = "-100"


class FieldError(Exception):
    """A field of a request is missing or wrong."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


class Form:
    """Typed access to one request's fields; every getter raises FieldError."""

    def __init__(self, data: Any, world: World) -> None:
        if not isinstance(data, dict):
            raise FieldError("body", "must be a JSON object")
        self._data = data
        self._world = world

    def has(self, name: str) -> bool:
        return self._data.get(name) is not None

    def text(self, name: str, default: str | None = None, *, required: bool = False) -> str:
        value = self._data.get(name, default)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value):
            raise FieldError(name, "must be a text" if value is not None else "is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, required=True)
        if value not in allowed:
            raise FieldError(name, f"must be one of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self._data.get(name, default)
        if value is None:
            raise FieldError(name, "is missing")
        return _to_int(name, value)

    def optional_number(self, name: str) -> int | None:
        return self.number(name) if self.has(name) else None

    def seconds(self, name: str) -> float:
        value = self._data.get(name) or 0
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise FieldError(name, "must be a number of seconds")
        return float(value)

    def optional_flag(self, name: str) -> bool | None:
        value = self._data.get(name)
        if value is not None and not isinstance(value, bool):
            raise FieldError(name, "must be true or false")
        return value

    def numbers(self, name: str) -> list[int]:
        return [_to_int(name, item) for item in self._list(name)]

    def texts(self, name: str) -> list[str]:
        items = self._list(name) if self.has(name) else []
        if not all(isinstance(item, str) for item in items):
            raise FieldError(name, "must be a list of texts")
        return items

    def _list(self, name: str) -> list[Any]:
        value = self._data.get(name)
        if not isinstance(value, list):
            raise FieldError(name, "must be a list" if value is not None else "is missing")
        return value

    # Things of the world.
    def chat(self, name: str = "chat") -> Chat:
        return self._find_chat(name, self.number(name))

    def chats(self, name: str) -> list[Chat]:
        return [self._find_chat(name, number) for number in self.numbers(name)] if self.has(name) else []

    def _find_chat(self, name: str, chat_id: int) -> Chat:
        if chat_id not in self._world.chats:
            raise FieldError(name, f"there is no chat {chat_id}")
        return self._world.chats[chat_id]

    def user(self, name: str) -> User:
        return self._find_user(name, self.number(name))

    def user_ids(self, name: str) -> set[int]:
        return {self._find_user(name, number).id for number in self.numbers(name)}

    def _find_user(self, name: str, user_id: int) -> User:
        if user_id not in self._world.users:
            raise FieldError(name, f"there is no user {user_id}")
        return self._world.users[user_id]

    def message(self, chat: Chat, name: str = "id") -> t.Message:
        """Return the message, which is no service message."""
        message_id = self.number(name)
        message = self._world.get_message(chat, message_id)
        if not isinstance(message, t.Message):
            raise FieldError(name, f"there is no message {message_id} in this chat")
        return message

    def sender(self, chat: Chat, name: str = "from") -> t.TypePeer | None:
        """Return a user, a channel, the group itself, or None for a post that names no sender."""
        value = self._data.get(name)
        if value == ANONYMOUS:
            return None
        if value == AS_GROUP:
            return chat.peer
        if isinstance(value, dict):
            return self._channel(name, value.get("channel"))
        if value is None:
            raise FieldError(name, "is missing")
        return t.PeerUser(self._find_user(name, _to_int(name, value)).id)

    def _channel(self, name: str, value: Any) -> t.PeerChannel:
        # Both -100<id> and the bare id are understood.
        bare_id = _to_int(name, str(value).removeprefix(CHANNEL_PREFIX))
        if channel_chat_id(bare_id) not in self._world.chats:
            raise FieldError(name, f"there is no channel {value}")
        return t.PeerChannel(bare_id)


def _to_int(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise FieldError(name, "must be a whole number")
    try:
        return int(value)
    except ValueError:
        raise FieldError(name, "must be a whole number") from None
