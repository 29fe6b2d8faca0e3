"""What an event of the support room means: an answer, a command, or nothing for the customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .commands import Command, Misuse, is_note, looks_like_command, parse_command
from .model import Moderator, Target
from .roster import Roster

Reason = Literal[
    "own", "bridge_notice", "stranger", "foreign_author", "edit", "no_reply", "talk", "note", "no_text"
]


@dataclass(frozen=True, kw_only=True)
class ReplyEvent:
    """An event of the support room, as far as a reply is concerned."""

    event_id: str
    sender: str
    text: str
    """What a customer would get: plain text without a quote; empty where there is nothing."""
    reply_to: str | None
    is_edit: bool
    from_telegram: bool
    """It carries the bridge's mark of a Telegram message; from the bridge bot: an anonymous admin."""
    foreign_author: bool
    """A per-message profile names another author than the sender."""
    caption: str | None = None
    """What stands below a photo or a file, where one was sent."""

    @property
    def words(self) -> str:
        """What the sender wrote by hand, and may have meant as a command or a note."""
        return self.text if self.caption is None else self.caption


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A moderator's text for a customer."""

    moderator: Moderator
    target: Target
    text: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """A moderator's command about a ticket, or the misuse of one."""

    moderator: Moderator
    target: Target
    command: Command | Misuse


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """Nothing for the customer; `target` is set where somebody replied to a ticket all the same."""

    reason: Reason
    target: Target | None = None


Meaning = Answer | Order | Ignored


def interpret(event: ReplyEvent, roster: Roster, target: Target | None) -> Meaning:
    """Say what `event` means. The sender is looked at first, so that a stranger's text is never parsed.

    `target` is what the event that it replies to belongs to; only a Reply to a ticket's post or to a
    delivered answer has one. A stranger's message, a note and the bot's own answers have none.
    """
    if event.sender == roster.own_mxid:
        return Ignored(reason="own")
    if event.sender == roster.bridge_bot and not event.from_telegram:
        return Ignored(reason="bridge_notice")
    if event.is_edit:
        return Ignored(reason="edit")
    moderator = roster.find(event.sender)
    if moderator is None:
        return Ignored(reason="stranger", target=target)
    if event.foreign_author:
        return Ignored(reason="foreign_author", target=target)
    if target is None:
        return Ignored(reason="talk" if event.reply_to else "no_reply")
    return _from_moderator(event, moderator, target)


def _from_moderator(event: ReplyEvent, moderator: Moderator, target: Target) -> Meaning:
    if is_note(event.words):
        return Ignored(reason="note", target=target)
    if looks_like_command(event.words):
        return Order(moderator=moderator, target=target, command=parse_command(event.words))
    if not event.text:
        return Ignored(reason="no_text", target=target)
    return Answer(moderator=moderator, target=target, text=event.text)
