"""The vocabulary of moderators' commands, and how one is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from .durations import EXAMPLES, parse_duration

Verb = Literal[
    "block",
    "timeout",
    "unblock",
    "blocked",
    "close",
    "reopen",
    "note",
    "assign",
    "info",
    "resend",
    "release",
    "open",
    "whoami",
    "help",
]

VOCABULARY: dict[str, Verb] = {
    "block": "block",
    "ban": "block",
    "shadowban": "block",
    "timeout": "timeout",
    "mute": "timeout",
    "tban": "timeout",
    "tmute": "timeout",
    "unblock": "unblock",
    "unban": "unblock",
    "blocked": "blocked",
    "close": "close",
    "reopen": "reopen",
    "note": "note",
    "assign": "assign",
    "info": "info",
    "resend": "resend",
    "release": "release",
    "open": "open",
    "whoami": "whoami",
    "help": "help",
}
"""Each word a moderator may write, aliases too, and what it means."""

NEED_NO_TICKET: frozenset[Verb] = frozenset({"blocked", "open", "whoami", "help"})

IN_DIRECT: frozenset[Verb] = frozenset({"block", "timeout", "unblock", "note", "info", "help"})
"""What may be ordered in a direct room."""

HELP = """As a Reply to a ticket's message:
/block [7d] [reason], /timeout [2h] [reason], /unblock
/release what a block has held back, or the Reply that asks for a secret
/close [last words], /reopen, /assign me, none or a name
/note text (or a Reply that starts with //), /info, /resend
Anywhere: /blocked, /open, /whoami, /help"""

DIRECT_HELP = """What you write here goes to the customer, and the group sees nothing of it. For you alone:
/block [7d] [reason], /timeout [2h] [reason], /unblock
/note text (or a message that starts with //), /info, /help"""

_FOREVER = "forever"

# `/word`, `!word`, `/word@botname`; and the bare BLOCK_USER that other support bots taught people.
_COMMAND = re.compile(r"[/!](\w+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_BARE_BLOCK = re.compile(r"BLOCK_USER\b(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
BOT_PREFIX = "!headset"
"""Before what is said to the bot itself, in any room; no customer ever gets it."""

_NOTE = "//"


@dataclass(frozen=True, kw_only=True)
class Command:
    """An order of a moderator, about the ticket that was replied to where it is about one."""

    verb: Verb
    length: timedelta | None = None
    """The wish for a block; None where none was written."""
    forever: bool = False
    text: str | None = None
    """What follows: a reason, last words, a note, a name."""


@dataclass(frozen=True, kw_only=True)
class Misuse:
    """A command that can't be carried out; `hint` tells the moderator why."""

    hint: str
    is_known: bool = True
    """The word is a command, so the answer is owed; a hint to an unknown one is given now and then."""


def looks_like_command(text: str) -> bool:
    """Tell whether `text` must never reach a customer, whether or not the word is known."""
    return bool(_COMMAND.match(text) or _BARE_BLOCK.match(text))


def is_for_bot(text: str) -> bool:
    """Tell whether `text` is said to the bot itself, which answers it by another way."""
    return text.split(maxsplit=1)[:1] == [BOT_PREFIX]


def read_note(text: str) -> str | None:
    """Return the note of a text that starts with `//`, which is for the team only."""
    return text[len(_NOTE) :].strip() if text.startswith(_NOTE) else None


def parse_command(text: str) -> Command | Misuse:
    """Read a text for which `looks_like_command` holds."""
    bare = _BARE_BLOCK.fullmatch(text)
    if bare:
        return _with_length("block", bare[1] or "")
    match = _COMMAND.fullmatch(text)
    word, rest = (match[1], (match[2] or "").strip()) if match else ("", "")
    verb = VOCABULARY.get(word.lower())
    if verb is None:
        named = f"/{word}" if word else text.split()[0]
        return Misuse(hint=f"{named[:32]} is not a command, and was not sent. See /help", is_known=False)
    if verb in ("block", "timeout"):
        return _with_length(verb, rest)
    if verb in ("note", "assign") and not rest:
        return Misuse(hint="Write /note text" if verb == "note" else "Write /assign me, none or a name")
    return Command(verb=verb, text=rest or None if verb in ("close", "note", "assign") else None)


def _with_length(verb: Verb, rest: str) -> Command | Misuse:
    words = rest.split(maxsplit=1)
    first, after = [*words, "", ""][:2]
    reason = after.strip() or None
    if first.lower() == _FOREVER:
        return Command(verb=verb, forever=True, text=reason)
    length = parse_duration(first)
    if length is not None:
        if not length:
            return Misuse(hint=f"A length of {first[:32]} is none. Write {EXAMPLES}, or /unblock.")
        return Command(verb=verb, length=length, text=reason)
    if first.lstrip("+-")[:1].isdigit():
        return Misuse(hint=f"{first[:32]} is not a length of time. Write {EXAMPLES}.")
    return Command(verb=verb, text=rest.strip() or None)
