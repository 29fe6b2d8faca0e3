"""The languages of the widget, one file each, and which of them a customer gets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FALLBACK = "en"

LOCALES = "locales/"
"""The folder of their files."""

_SUFFIX = ".json"


@dataclass(frozen=True, kw_only=True)
class Language:
    """The texts of one language."""

    code: str
    """Its BCP 47 tag, which is also the name of its file."""
    name: str
    """What its speakers call it."""
    dir: str
    texts: Mapping[str, str]


class Languages:
    """All languages there are; English is always one of them."""

    def __init__(self, languages: Iterable[Language]) -> None:
        self._by_tag = {language.code.lower(): language for language in languages}
        self.all = tuple(self._by_tag[tag] for tag in sorted(self._by_tag))
        self.fallback = self._by_tag[FALLBACK]

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Languages:
        """Read them from the files of the widget, by name."""
        return cls(
            _read_language(name.removeprefix(LOCALES).removesuffix(_SUFFIX), json.loads(content))
            for name, content in files.items()
            if name.startswith(LOCALES) and name.endswith(_SUFFIX)
        )

    def choose(self, tags: Iterable[str]) -> Language:
        """Return the language of the first tag that there is one for, or else English."""
        return next(filter(None, map(self._find, tags)), self.fallback)

    def _find(self, tag: str) -> Language | None:
        """`de-CH-1996` is looked for as itself, as `de-ch`, as `de`."""
        parts = tag.strip().lower().replace("_", "-").split("-")
        shorter = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self._by_tag[one] for one in shorter if one in self._by_tag), None)


def accepted_tags(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, the most wanted first, refused ones left out."""
    weighted = [_weigh(item) for item in header.split(",")]
    return [tag for weight, tag in sorted(weighted, key=lambda one: -one[0]) if weight > 0]


def _weigh(item: str) -> tuple[float, str]:
    tag, _, parameter = item.partition(";")
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0, tag.strip()
    try:
        return float(value), tag.strip()
    except ValueError:
        return 0.0, tag.strip()


def _read_language(code: str, data: Mapping[str, Any]) -> Language:
    return Language(code=code, name=data["name"], dir=data["dir"], texts=data["texts"])
