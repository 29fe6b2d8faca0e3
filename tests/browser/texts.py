"""The widget's own words, read from its locale files so that a better wording breaks no test."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).resolve().parents[2] / "plugin" / "widget" / "locales"


@cache
def read_texts(locale: str) -> dict[str, str]:
    """Return all texts of a language."""
    texts: dict[str, str] = json.loads((LOCALES / f"{locale}.json").read_text(encoding="utf-8"))["texts"]
    return texts


def t(key: str, *, locale: str = "en", **values: object) -> str:
    """Return a text with its placeholders filled in."""
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), read_texts(locale)[key])
