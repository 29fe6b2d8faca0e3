"""What an event of the rooms means: an answer, a command, or nothing for the customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .commands import (
    IN_DIRECT,
    NEED_NO_TICKET,
    Command,
    Misuse,
    is_for_bot,
    looks_like_command,
    parse_command,
    read_note,
)
from .model import Moderator, Target
from .roster import Roster

Reason = Literal[
    "own", "bridge_notice", "stranger", "anonymous", "foreign_author", "no_reply", "talk", "no_text"
]


@dataclass(frozen=True, kw_only=True)
class ReplyEvent:
    """An event of the support room, as far as a reply is concerned."""

    event_id: str
    sender: str
    text: str
    """What a customer would get: plain text without a quote; empty where there is nothing."""
    reply_to: str | None
    replaces: str | None = None
    """The event that this one is an edit of; its text is then the new one."""
    from_telegram: bool
    """It carries the bridge's mark of a Telegram message; from the bridge bot: an anonymous admin."""
    chat_id: int | None = None
    """The Telegram group's own number, under which an anonymous admin may write."""
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
class Correction:
    """A moderator's new text for what was said before."""

    moderator: Moderator
    replaces: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """A moderator's words for the team only."""

    moderator: Moderator
    target: Target
    text: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """A moderator's command, or the misuse of one; about a ticket where `target` is set."""

    moderator: Moderator
    target: Target | None
    command: Command | Misuse


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """Nothing for the customer; `target` is set where somebody replied to a ticket all the same."""

    reason: Reason
    target: Target | None = None


Meaning = Answer | Correction | Note | Order | Ignored


def interpret(event: ReplyEvent, roster: Roster, target: Target | None) -> Meaning:
    """Say what `event` means. The sender is looked at first, so that a stranger's text is never parsed.

    `target` is what the event that it replies to belongs to; only a Reply to a ticket's post or to a
    delivered answer has one. A stranger's message, a note and the bot's own answers have none. In a direct
    room everything has one: the conversation.
    """
    if event.sender == roster.own_mxid:
        return Ignored(reason="own")
    if event.sender == roster.bridge_bot and not event.from_telegram:
        return Ignored(reason="bridge_notice")
    moderator = roster.find(event.sender)
    if moderator is None:
        anonymous = roster.is_anonymous_admin(event.sender, event.chat_id)
        return Ignored(reason="anonymous" if anonymous else "stranger", target=target)
    if event.foreign_author:
        return Ignored(reason="foreign_author", target=target)
    if event.replaces is not None:
        return _read_correction(event, moderator, event.replaces)
    return _read_words(event, moderator, target)


def _read_correction(event: ReplyEvent, moderator: Moderator, replaces: str) -> Meaning:
    if not event.text:
        return Ignored(reason="no_text")
    if looks_like_command(event.words) or read_note(event.words) is not None:
        # An answer can't be taken back by making a command of it; as an answer it must not go on either.
        return Ignored(reason="talk")
    return Correction(moderator=moderator, replaces=replaces, text=event.text)


def _read_words(event: ReplyEvent, moderator: Moderator, target: Target | None) -> Meaning:
    if is_for_bot(event.words):
        return Ignored(reason="talk")
    if looks_like_command(event.words):
        return _read_command(event, moderator, target)
    if target is None:
        return Ignored(reason="talk" if event.reply_to else "no_reply")
    note = read_note(event.words)
    if note is not None:
        return Note(moderator=moderator, target=target, text=note) if note else Ignored(reason="no_text")
    if not event.text:
        return Ignored(reason="no_text", target=target)
    return Answer(moderator=moderator, target=target, text=event.text)


def _read_command(event: ReplyEvent, moderator: Moderator, target: Target | None) -> Meaning:
    command = parse_command(event.words)
    if target is None:
        if isinstance(command, Misuse) and not command.is_known:
            # Without a Reply it may be meant for another bot of the group.
            return Ignored(reason="talk")
        if isinstance(command, Command) and command.verb not in NEED_NO_TICKET:
            command = Misuse(hint=f"Send /{command.verb} as a Reply to a message of its ticket.")
    elif target.direct_id and isinstance(command, Command) and command.verb not in IN_DIRECT:
        command = Misuse(hint=f"/{command.verb} does not apply here, and was not sent. See /help")
    return Order(moderator=moderator, target=target, command=command)
