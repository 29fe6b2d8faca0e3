"""What is searched for: the words of a text, alike on both databases, whatever language it is in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_WORD = 64
_MOST_WORDS = 16
"""Of a search; who pastes a whole page finds by its first words."""

# Latin, Greek and Cyrillic letters are found with and without their accents.
_ACCENTS = re.compile("[\u0300-\u036f]")
# These write words without a space between them; so each of their characters counts as a word.
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_NUMBER = re.compile(r"\s*#?([0-9]{1,15})\s*")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A search: all the words, the last of which may be the beginning of one."""

    words: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """Return the words of a text, each once, folded so that case and accents make no difference.

    They consist of letters, digits and marks alone, so nothing in them means anything to a database.
    """
    folded = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    folded = unicodedata.normalize("NFC", folded)
    letters = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    spaced = _SPACELESS.sub(r" \g<0> ", letters)
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in spaced.split()))


def read_terms(text: str) -> Terms | None:
    """Return what to search for; None where there is no word in it."""
    words = words_of(text)
    return Terms(words=tuple(words[:_MOST_WORDS])) if words else None


def read_number(text: str) -> int | None:
    """Return the ticket's number where the whole search is one, as `#1042`."""
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found else None
