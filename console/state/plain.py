"""The one place where a text that somebody else wrote becomes fit for a terminal."""

from __future__ import annotations

import re
import unicodedata

_TAB = 4
_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_BREAKS = re.compile(r"[ \t]*\n\s*")

# Controls, format characters and lone surrogates can move the cursor, hide, reorder, or stop the output.
_DANGEROUS = {"Cc", "Cf", "Cs"}

# Emoji, Persian and Indic text need the joiners; the Arabic signs are format characters that one sees.
_KEPT = frozenset("\n\t\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")


def plain(text: str, *, lines: bool = False) -> str:
    """Return `text` without anything that a terminal would obey; on one line unless `lines`."""
    if text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in _DANGEROUS)
    return text.expandtabs(_TAB) if lines else _BREAKS.sub(" ", text.strip("\n")).replace("\t", " ")
