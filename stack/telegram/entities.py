"""What Telegram's server makes clickable in a text by itself, whatever the client sent."""

from __future__ import annotations

import re

from telethon.helpers import add_surrogate
from telethon.tl import types as t

PATTERNS = (
    (re.compile(r"(?<![\w/<])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?!\w)"), t.MessageEntityBotCommand),
    (re.compile(r"(?<!\w)@\w{5,32}"), t.MessageEntityMention),
    (re.compile(r"https?://[^\s<>]+"), t.MessageEntityUrl),
)


def add_server_entities(
    text: str, given: list[t.TypeMessageEntity] | None = None
) -> list[t.TypeMessageEntity] | None:
    """Return the given entities and those found, in order, or None for none; offsets are UTF-16 units."""
    entities = list(given or [])
    taken = [(entity.offset, entity.offset + entity.length) for entity in entities]
    surrogated = add_surrogate(text)
    for pattern, kind in PATTERNS:
        for match in pattern.finditer(surrogated):
            start, end = match.span()
            if not any(first < end and start < last for first, last in taken):
                entities.append(kind(start, end - start))
                taken.append((start, end))
    return sorted(entities, key=lambda entity: entity.offset) or None


def utf16_length(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(add_surrogate(text))
