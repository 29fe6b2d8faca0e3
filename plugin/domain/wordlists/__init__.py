"""The twelve BIP-39 word lists, one file a language, 2048 words each (MIT licence, beside them)."""

from __future__ import annotations

import pkgutil

LANGUAGES = (
    "english",
    "chinese_simplified",
    "chinese_traditional",
    "czech",
    "french",
    "italian",
    "japanese",
    "korean",
    "portuguese",
    "russian",
    "spanish",
    "turkish",
)


def read(language: str) -> list[str]:
    """Return the words of one list, in their order."""
    # By the loader, not by a path: the plugin runs out of an archive.
    data = pkgutil.get_data(__name__, f"{language}.txt")
    if data is None:
        raise FileNotFoundError(f"{language}.txt")
    return data.decode("utf-8").split()
