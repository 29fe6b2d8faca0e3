"""Which of a list's entries somebody means who types a few letters of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def match(query: str, text: str) -> tuple[int, tuple[int, ...]] | None:
    """Return how well `text` fits (more is better) and which of its characters were meant; None: not at all.

    Letters in one piece count most, at the beginning of a word even more; else the letters in their order.
    It takes one walk along the text, whatever is in it.
    """
    wanted, within = query.casefold().strip(), text.casefold()
    if len(within) != len(text):
        # A letter that folds to two would shift the places: then case counts.
        wanted, within = query.strip(), text
    if not wanted:
        return 0, ()
    at = within.find(wanted)
    if at >= 0:
        return 2000 + 1000 * _begins_word(within, at) - min(at, 500), tuple(range(at, at + len(wanted)))
    places, start = [], 0
    for letter in wanted:
        found = within.find(letter, start)
        if found < 0:
            return None
        places.append(found)
        start = found + 1
    starts = sum(_begins_word(within, place) for place in places)
    return 20 * starts - min(places[-1] - places[0], 500), tuple(places)


def pick(query: str, entries: Sequence[T], label: Callable[[T], str]) -> list[tuple[T, tuple[int, ...]]]:
    """Return the entries that fit with the places that were meant, the best first, else in their order."""
    found = [(entry, match(query, label(entry))) for entry in entries]
    fitting = [(entry, fit) for entry, fit in found if fit is not None]
    fitting.sort(key=lambda pair: -pair[1][0])
    return [(entry, places) for entry, (_score, places) in fitting]


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()
