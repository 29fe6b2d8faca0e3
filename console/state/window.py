"""The loaded part of a long list that the server hands out in pages; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Order = Callable[[T], Any]
"""Gives what a row is sorted by, smallest first."""

_MOST = 2_000
"""Rows kept in memory; pages far from what is looked at are dropped and fetched again."""

_GROWN = 300
"""Rows of one page, by live changes, past which it is fetched anew to be cut into pages again."""


@dataclass(kw_only=True)
class _Stretch(Generic[T]):
    """One page: its rows, or only how many there were."""

    cursor: str | None
    """What it is fetched with; None for the first."""
    rows: list[T] | None = None
    count: int = 0
    start: Any = None
    """The order of its first row."""
    is_stale: bool = False

    @property
    def size(self) -> int:
        return self.count if self.rows is None else len(self.rows)


class Window(Generic[T]):
    """Rows by index, with pages that come and go; a row is known by its key."""

    def __init__(self, key: Callable[[T], str], order: Order[T] | None = None, most: int = _MOST) -> None:
        self._key, self._order, self._most = key, order, most
        self._stretches: list[_Stretch[T]] = []
        self._home: dict[str, _Stretch[T]] = {}
        self._next: str | None = None
        self.is_loaded = False
        """Whether the first page has come."""

    def __len__(self) -> int:
        return sum(stretch.size for stretch in self._stretches)

    @property
    def has_more(self) -> bool:
        """Tell whether there are pages after the last one known."""
        return self._next is not None

    @property
    def resident(self) -> int:
        """How many rows are in memory."""
        return len(self._home)

    def row(self, index: int) -> T | None:
        """Return a row, or None where its page is not in memory."""
        for stretch in self._stretches:
            if index < stretch.size:
                return stretch.rows[index] if stretch.rows is not None and index >= 0 else None
            index -= stretch.size
        return None

    def index(self, key: str) -> int | None:
        """Return where a row stands, if it is in memory."""
        home = self._home.get(key)
        if home is None or home.rows is None:
            return None
        return self._start_of(home) + self._place(home.rows, key)

    def get(self, key: str) -> T | None:
        """Return a row by its key, if it is in memory."""
        home = self._home.get(key)
        return None if home is None or home.rows is None else home.rows[self._place(home.rows, key)]

    def rows(self) -> Iterator[T]:
        """Go through the rows in memory."""
        for stretch in self._stretches:
            yield from stretch.rows or ()

    def _place(self, rows: list[T], key: str) -> int:
        return next(at for at, row in enumerate(rows) if self._key(row) == key)

    def _start_of(self, wanted: _Stretch[T]) -> int:
        start = 0
        for stretch in self._stretches:
            if stretch is wanted:
                break
            start += stretch.size
        return start

    # Pages

    def add(self, cursor: str | None, items: Sequence[T], following: str | None) -> None:
        """Take in a page that was fetched with `cursor`; one that was known before is filled again."""
        self.is_loaded = True
        at = next((n for n, stretch in enumerate(self._stretches) if stretch.cursor == cursor), None)
        if at is None:
            if self._stretches and cursor != self._next:
                return  # of a list that was reset meanwhile
            self._stretches.append(_Stretch(cursor=cursor, rows=[]))
            self._fill(self._stretches[-1], items)
            self._next = following
        else:
            self._refill(at, items, following)

    def _refill(self, at: int, items: Sequence[T], following: str | None) -> None:
        stretch, before = self._stretches[at], self._stretches[at].size
        self._drop_rows(stretch)
        stretch.is_stale = False
        self._fill(stretch, items)
        if at + 1 == len(self._stretches):
            self._next = following
        elif following is None:
            for gone in self._stretches[at + 1 :]:
                self._drop_rows(gone)
            del self._stretches[at + 1 :]
            self._next = None
        elif self._is_gap(at, items) and following != self._stretches[at + 1].cursor:
            left = max(1, before - len(items))
            start = None if self._order is None or not items else self._order(items[-1])
            self._stretches.insert(at + 1, _Stretch(cursor=following, count=left, start=start))

    def _is_gap(self, at: int, items: Sequence[T]) -> bool:
        start = self._stretches[at + 1].start
        return (
            bool(items) and self._order is not None and start is not None and self._order(items[-1]) < start
        )

    def _fill(self, stretch: _Stretch[T], items: Sequence[T]) -> None:
        stretch.rows = rows = []
        for item in items:
            self._take_out(self._key(item))
            rows.append(item)
            self._home[self._key(item)] = stretch
        if items and self._order is not None:
            stretch.start = self._order(items[0])

    def _drop_rows(self, stretch: _Stretch[T]) -> None:
        stretch.count = stretch.size
        for row in stretch.rows or ():
            self._home.pop(self._key(row), None)
        stretch.rows = None

    def expire(self) -> None:
        """Have every page fetched again when it is looked at, its rows staying until then."""
        for stretch in self._stretches:
            stretch.is_stale = True

    def missing(self, top: int, bottom: int) -> tuple[str | None] | None:
        """Return the cursor, in a tuple, of a page to fetch for these lines; None when all is here."""
        if not self._stretches:
            return None if self.is_loaded else (None,)
        start = 0
        for stretch in self._stretches:
            end = start + stretch.size
            is_here = start <= bottom and (end > top or start == end == top)
            if is_here and (stretch.rows is None or stretch.is_stale):
                return (stretch.cursor,)
            start = end
        if self._next is not None and bottom >= start:
            return (self._next,)
        return None

    def grown(self) -> tuple[str | None] | None:
        """Return the cursor of a page that live changes made too long, in a tuple."""
        for stretch in self._stretches:
            if stretch.rows is not None and len(stretch.rows) > _GROWN:
                return (stretch.cursor,)
        return None

    def trim(self, top: int, bottom: int) -> None:
        """Drop the pages farthest from what stands between two lines, until few enough rows are in memory."""
        while self.resident > self._most:
            far, where, start = 0, None, 0
            for stretch in self._stretches:
                end = start + stretch.size
                distance = max(start - bottom, top - end)
                if stretch.rows and distance > far:
                    far, where = distance, stretch
                start = end
            if where is None:
                return
            self._drop_rows(where)

    # Live changes

    def replace(self, row: T) -> bool:
        """Put a row's new state in its old place; tell whether it was there."""
        home = self._home.get(self._key(row))
        if home is None or home.rows is None:
            return False
        home.rows[self._place(home.rows, self._key(row))] = row
        return True

    def put(self, row: T) -> bool:
        """Put a row where its order wants it; tell whether that is a place in memory."""
        key = self._key(row)
        if self._order is None:
            if self.replace(row):
                return True
            return self._insert_first(row)
        self._take_out(key)
        if not self._stretches:
            return self._insert_first(row)
        wanted = self._order(row)
        at = self._stretch_for(wanted)
        stretch = self._stretches[at]
        if stretch.rows is None:
            stretch.count += 1
            return False
        place = bisect_right(stretch.rows, wanted, key=self._order)
        is_end = at + 1 == len(self._stretches) and place == len(stretch.rows)
        if is_end and self._next is not None:
            return False  # beyond what is loaded: it comes with its page
        stretch.rows.insert(place, row)
        self._home[key] = stretch
        if place == 0:
            stretch.start = wanted
        return True

    def _stretch_for(self, wanted: Any) -> int:
        for at in range(len(self._stretches) - 1, 0, -1):
            start = self._stretches[at].start
            if start is not None and start <= wanted:
                return at
        return 0

    def _insert_first(self, row: T) -> bool:
        if not self.is_loaded:
            return False
        if not self._stretches:
            self._stretches.append(_Stretch(cursor=None, rows=[]))
        first = self._stretches[0]
        if first.rows is None:
            first.count += 1
            return False
        first.rows.insert(0, row)
        self._home[self._key(row)] = first
        return True

    def remove(self, key: str) -> bool:
        """Take a row out; tell whether it was in memory."""
        return self._take_out(key)

    def _take_out(self, key: str) -> bool:
        home = self._home.pop(key, None)
        if home is None or home.rows is None:
            return False
        del home.rows[self._place(home.rows, key)]
        return True
