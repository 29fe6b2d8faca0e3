"""Runs of BIP-39 words: how a seed phrase shows itself in a message, or over several."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, takewhile

from .secret_findings import Certainty, Finding
from .wordlists import LANGUAGES, read

REFUSED = 12
"""Words in a row that are a phrase, with a right checksum or not."""

SUSPECTED = 9
"""Words in a row that may be most of one."""

DIFFERENT = 8
"""How many of them must differ: the same word over and over is no phrase."""

SHARE = 4
"""Words in a row that, being half of a message, are its share of a phrase: "the next six are ..."."""

LOOK_BACK = 2
"""Earlier messages that are looked at: a phrase may be split over three."""

_Row = tuple[str, ...]
_Share = dict[int, _Row]

# Letters in a row are a word. What numbers a list is skipped with its bracket or its ending, so that neither
# "c)" nor "3rd" parts two words. A name with underscores is code and no words, unless it is long enough.
_TOKEN = re.compile(r"(?:no?\W{0,2})?\d+(?:(?:st|nd|rd|th)(?![a-z]))?|[a-z][).:]|([^\W\d_]+(?:_[^\W\d_]+)*)")


def find_phrase(text: str, earlier: Sequence[str]) -> Finding | None:
    """Return the phrase in `text`, alone or with the last of `earlier`, as few of those as it takes."""
    words = words_of(text)
    rows = list(_rows(words))
    alone = _weigh(row for _, _, row in rows)
    start, share = _listed_start(words), _share(rows, len(words))
    # What neither begins with a word of a list nor has a share of its own continues nothing.
    before = [words_of(message) for message in earlier[-LOOK_BACK:]] if start or share else []
    if alone == "refused":
        return Finding(kind="phrase", certainty=alone, earlier=_with_shares(before, 0))
    suspected = None if alone is None else Finding(kind="phrase", certainty=alone)
    for count in range(1, len(before) + 1):
        certainty = _weigh(_continued(before[-count:], start))
        if certainty == "refused" or _adds_up([_share_of(message) for message in before[-count:]], share):
            return Finding(kind="phrase", certainty="refused", earlier=_with_shares(before, count))
        if certainty is not None and suspected is None:
            suspected = Finding(kind="phrase", certainty=certainty, earlier=count)
    return suspected


def words_of(text: str) -> list[str]:
    """Return the words of `text`, folded; what numbers and separates them is left out."""
    words: list[str] = []
    for token in _TOKEN.findall(fold(text)):
        parts = token.split("_")
        words += parts if len(parts) >= SUSPECTED else [token]
    return [word for word in words if word]


def fold(text: str) -> str:
    """Return `text` in small letters, compatible forms made one, without accents and invisible characters."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
        # The capital of the Turkish dotless i is everybody's I, and İ has lost its dot as an accent.
        text = text.replace("ı", "i")
    return text.lower()


def _weigh(rows: Iterable[_Row]) -> Certainty | None:
    lengths = [len(row) for row in rows if len(row) >= SUSPECTED and len(set(row)) >= DIFFERENT]
    if not lengths:
        return None
    return "refused" if max(lengths) >= REFUSED else "suspected"


def _continued(before: Sequence[Sequence[str]], start: Sequence[str]) -> Iterator[_Row]:
    """Yield the rows from the end of `before` into `start`, the listed words that a message begins with."""
    end = _listed_start([word for message in reversed(before) for word in reversed(message)])[::-1]
    return (row for _, stop, row in _rows([*end, *start]) if stop > len(end))


def _listed_start(words: Sequence[str]) -> list[str]:
    return list(takewhile(_LISTS.__contains__, words))


def _share_of(words: Sequence[str]) -> _Share:
    return _share(_rows(words), len(words))


def _share(rows: Iterable[tuple[int, int, _Row]], length: int) -> _Share:
    """Return by word list the longest row of a message, where it is the better part of its `length` words."""
    longest: dict[int, _Row] = {}
    for number, _, row in rows:
        if len(row) * 2 >= length and len(row) > len(longest.get(number, ())):
            longest[number] = row
    return longest


def _adds_up(shares: Sequence[_Share], last: _Share) -> bool:
    """Tell whether the shares of several messages are a phrase, if nothing else stood around them."""
    rows = (tuple(chain(*(share.get(number, ()) for share in shares), row)) for number, row in last.items())
    return _weigh(rows) == "refused"


def _with_shares(before: Sequence[Sequence[str]], count: int) -> int:
    """Return `count` and the messages right before that have a share too: they belong to the same phrase."""
    while count < len(before) and _share_of(before[-1 - count]):
        count += 1
    return count


def _rows(words: Sequence[str]) -> Iterator[tuple[int, int, _Row]]:
    """Yield each longest row of words that stand in one list: the list, where the row ends, the words.

    Rows that are too short to matter are left out.
    """
    since: dict[int, int] = {}
    for place, word in enumerate((*words, "")):
        lists = _LISTS.get(word, ())
        if not since and not lists:
            continue
        for number in [number for number in since if number not in lists]:
            first = since.pop(number)
            if place - first >= SHARE:
                yield number, place, tuple(words[first:place])
        for number in lists:
            since.setdefault(number, place)


def _index() -> dict[str, tuple[int, ...]]:
    lists: dict[str, tuple[int, ...]] = {}
    for number, language in enumerate(LANGUAGES):
        for word in {fold(word) for word in read(language)}:
            lists[word] = (*lists.get(word, ()), number)
    return lists


# Read at import and not later: an archive that is replaced under a running plugin can't be read any more.
_LISTS = _index()
