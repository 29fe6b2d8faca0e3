"""The state of the data centre, in memory and in the store."""

from __future__ import annotations

from collections import defaultdict

from telethon.extensions import BinaryReader
from telethon.tl import types as t

from .model import Account, Chat, User, channel_chat_id
from .store import Store


class World:
    """Users, chats and messages; each change is written to the store and lasts from the next commit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.account = Account(**next(iter(store.load_records("account")), {}))
        self.users = {record["id"]: User(**record) for record in store.load_records("user")}
        self.chats = {record["id"]: Chat.from_record(record) for record in store.load_records("chat")}
        self._messages: defaultdict[int, dict[int, t.TypeMessage]] = defaultdict(dict)
        for chat_id, message_id, body in store.load_messages():
            self._messages[chat_id][message_id] = BinaryReader(body).tgread_object()

    @property
    def is_empty(self) -> bool:
        return not self.account.bot_id

    @property
    def bot(self) -> User:
        return self.users[self.account.bot_id]

    def commit(self) -> None:
        """Make all changes since the last commit permanent, together."""
        self.store.commit()

    # Users and chats.
    def save_account(self) -> None:
        self.store.save_record("account", 0, self.account.to_record())

    def save_user(self, user: User) -> None:
        self.users[user.id] = user
        self.store.save_record("user", user.id, user.to_record())

    def save_chat(self, chat: Chat) -> None:
        self.chats[chat.id] = chat
        self.store.save_record("chat", chat.id, chat.to_record())

    def get_chat_by_peer(self, peer: t.TypePeer) -> Chat | None:
        """Return the chat that a peer, full or as input, stands for."""
        channel_id, group_id = getattr(peer, "channel_id", None), getattr(peer, "chat_id", None)
        if channel_id is not None:
            return self.chats.get(channel_chat_id(channel_id))
        return None if group_id is None else self.chats.get(-group_id)

    # Messages.
    def get_messages(self, chat: Chat) -> list[t.TypeMessage]:
        """Return the chat's messages, oldest first."""
        return [message for _, message in sorted(self._messages[chat.id].items())]

    def get_message(self, chat: Chat, message_id: int) -> t.TypeMessage | None:
        return self._messages[chat.id].get(message_id)

    def find_basic_group_of(self, message_id: int) -> Chat | None:
        """Return the basic group that holds a message; their numbering is the account's."""
        groups = (chat for chat in self.chats.values() if not chat.is_channel)
        return next((chat for chat in groups if message_id in self._messages[chat.id]), None)

    def take_message_id(self, chat: Chat) -> int:
        """Return the next free message id in this chat."""
        if chat.is_channel:
            chat.next_message_id += 1
            self.save_chat(chat)
            return chat.next_message_id - 1
        self.account.next_message_id += 1
        self.save_account()
        return self.account.next_message_id - 1

    def save_message(self, chat: Chat, message: t.TypeMessage) -> None:
        self._messages[chat.id][message.id] = message
        self.store.save_message(chat.id, message.id, bytes(message))

    def delete_message(self, chat: Chat, message_id: int) -> bool:
        """Delete a message; False if there is none."""
        if self._messages[chat.id].pop(message_id, None) is None:
            return False
        self.store.delete_message(chat.id, message_id)
        return True
