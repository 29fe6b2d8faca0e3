"""Posting, editing and deleting in a chat, by the bot and by people alike."""

from __future__ import annotations

from telethon.tl import types as t

from .entities import add_server_entities
from .journal import Journal
from .model import Chat, now
from .plain import describe_message
from .updates import UpdateLog
from .world import World


class Conversation:
    """Changes a chat's messages; each method is one transaction and returns the bot's update of it."""

    def __init__(self, world: World, updates: UpdateLog, journal: Journal) -> None:
        self._world = world
        self._updates = updates
        self._journal = journal

    def post(self, chat: Chat, message: t.TypeMessage) -> t.TypeUpdate | None:
        """Store a message; None if the bot does not get to see it."""
        self._world.save_message(chat, message)
        update = self._updates.new_message(chat, message) if self.bot_sees(chat, message) else None
        self._journal.append(chat, "new", describe_message(self._world, chat, message))
        self._commit()
        return update

    def edit(
        self,
        chat: Chat,
        message: t.Message,
        text: str,
        entities: list[t.TypeMessageEntity] | None = None,
    ) -> t.TypeUpdate | None:
        """Give a message another text; None if the bot does not get to see it."""
        message.message, message.edit_date = text, now()
        message.entities = add_server_entities(text, entities)
        self._world.save_message(chat, message)
        update = self._updates.edited_message(chat, message) if self.bot_sees(chat, message) else None
        self._journal.append(chat, "edited", describe_message(self._world, chat, message))
        self._commit()
        return update

    def delete(self, chat: Chat, ids: list[int]) -> t.TypeUpdate | None:
        """Delete messages; None if there were none of these."""
        deleted = [message_id for message_id in ids if self._world.delete_message(chat, message_id)]
        if not deleted:
            return None
        update = self._updates.deleted_messages(chat, deleted)
        for message_id in deleted:
            self._journal.append(chat, "deleted", {"id": message_id})
        self._commit()
        return update

    def bot_sees(self, chat: Chat, message: t.TypeMessage) -> bool:
        """Tell whether the bot gets a message (core.telegram.org/bots/features#privacy-mode)."""
        bot = self._world.bot
        if bot.id not in chat.members:
            return bool(message.out)
        if message.out or not bot.privacy or bot.id in chat.admins or isinstance(message, t.MessageService):
            return True
        if any(isinstance(entity, t.MessageEntityBotCommand) for entity in message.entities or []):
            return True
        return self._speaks_to(bot.username, message) or self._answers_bot(chat, message)

    @staticmethod
    def _speaks_to(username: str | None, message: t.Message) -> bool:
        return bool(username) and f"@{username}".lower() in message.message.lower()

    def _answers_bot(self, chat: Chat, message: t.Message) -> bool:
        if message.reply_to is None:
            return False
        target = self._world.get_message(chat, message.reply_to.reply_to_msg_id)
        return target is not None and bool(target.out)

    def _commit(self) -> None:
        self._world.commit()
        self._journal.wake_followers()
