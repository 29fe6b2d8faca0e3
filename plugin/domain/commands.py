"""The vocabulary of moderators' commands, and how one is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from .durations import EXAMPLES, parse_duration

Verb = Literal["block", "timeout", "unblock"]

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
}
"""Each word a moderator may write, aliases too, and what it means."""

HELP = "/block [3d] [reason] · /timeout [2h] [reason] · /unblock"

# `/word`, `!word`, `/word@botname`; and the bare BLOCK_USER that other support bots taught people.
_COMMAND = re.compile(r"[/!](\w+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_BARE_BLOCK = re.compile(r"BLOCK_USER\b(?:\s+(.*))?", re.DOTALL)
_NOTE = "//"


@dataclass(frozen=True, kw_only=True)
class Command:
    """An order of a moderator about the ticket that was replied to."""

    verb: Verb
    length: timedelta | None = None
    """The wish; None where none was written."""
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Misuse:
    """A command that can't be carried out; `hint` tells the moderator why."""

    hint: str


def looks_like_command(text: str) -> bool:
    """Tell whether `text` must never reach a customer, whether or not the word is known."""
    return bool(_COMMAND.match(text) or _BARE_BLOCK.match(text))


def is_note(text: str) -> bool:
    """Tell whether `text` is a note to the team: it starts with `//`."""
    return text.startswith(_NOTE)


def parse_command(text: str) -> Command | Misuse:
    """Read a text for which `looks_like_command` holds."""
    bare = _BARE_BLOCK.fullmatch(text)
    if bare:
        return _with_length("block", bare[1] or "")
    match = _COMMAND.fullmatch(text)
    word, rest = (match[1], match[2] or "") if match else ("", "")
    verb = VOCABULARY.get(word.lower())
    if verb is None:
        named = f"/{word}" if word else text.split()[0]
        return Misuse(hint=f"{named[:32]} is not a command, and was not sent. {HELP}")
    if verb == "unblock":
        return Command(verb=verb)
    return _with_length(verb, rest)


def _with_length(verb: Verb, rest: str) -> Command | Misuse:
    words = rest.split(maxsplit=1)
    first, after = [*words, "", ""][:2]
    length = parse_duration(first)
    if length is not None:
        if not length:
            return Misuse(hint=f"A length of {first[:32]} is none. Write {EXAMPLES}, or /unblock.")
        return Command(verb=verb, length=length, reason=after.strip() or None)
    if first[:1].isdigit():
        return Misuse(hint=f"{first[:32]} is not a length of time. Write {EXAMPLES}.")
    return Command(verb=verb, reason=rest.strip() or None)
