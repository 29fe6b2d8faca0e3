"""A long live list: pages come as one scrolls, changes don't move what is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.visual import Visual

from ..api.errors import DeskError, Unauthorized
from ..api.records import Page
from ..state.plain import plain
from ..state.window import Window
from .columns import Column, Sized, join_cells, lay_out
from .scrolling import set_lines
from .wishes import LoginNeeded

T = TypeVar("T")

REPAINT = 0.25
"""Seconds that live changes are gathered for before the list is painted again: a key waits for a painting."""

_AHEAD = 30
"""Lines below the last one shown for which the next page is fetched in time."""

Fetch = Callable[["str | None"], Awaitable[Page[T]]]
"""Returns the page that a cursor stands for, the first one for None."""


class AboutRow(Message):
    """Something about a row of a list, or about none."""

    def __init__(self, listing: Listing[Any], row: Any) -> None:
        self.listing, self.row = listing, row
        super().__init__()

    @property
    def control(self) -> Listing[Any]:
        """Return the list, by which handlers choose."""
        return self.listing


class Listing(ScrollView, Generic[T], can_focus=True):
    """A table with a selected row, which is known by its key and not by its place."""

    KEYS_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, tooltip="The next row"),
        Binding("up,k", "move(-1)", "Up", show=False, tooltip="The row before"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, tooltip="A screen further"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, tooltip="A screen back"),
        Binding("home,g", "edge(-1)", "First", show=False, tooltip="The first row"),
        Binding("end,G", "edge(1)", "Last", show=False, tooltip="The last row loaded; again: the next page"),
        Binding("enter", "open", "Open", tooltip="Opens the selected row"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"listing--{part}" for part in ("head", "row", "cursor", "cursor-blurred", "quiet", "error")
    }

    class Opened(AboutRow):
        """A row was chosen."""

    class Moved(AboutRow):
        """Another row is selected, or none, or it is not what it was."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        key: Callable[[T], str],
        fetch: Fetch[T],
        order: Callable[[T], Any] | None = None,
        empty: str = "Nothing here.",
        id: str | None = None,  # noqa: A002 # Textual's name
        dim: Callable[[T], bool] | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns, self._key, self._fetch_page, self._order = columns, key, fetch, order
        self._empty, self._dim = empty, dim
        self._window: Window[T] = Window(key, order)
        self._at = 0
        self._selected: str | None = None
        self._told: T | None = None
        self._pending: dict[str, T | None] = {}
        self._meanwhile: dict[str, T | None] | None = None
        """Live changes since the page was asked for that is on its way: it may be older than they are."""
        self._is_outdated = False
        """Whether all was to be fetched again since then."""
        self._moved_on: dict[str, T] = {}
        self._timer: Timer | None = None
        self._error: str | None = None
        self._asked = asyncio.Event()
        self._layout: list[Sized[T]] = []
        self._strips: dict[tuple[str, str], Strip] = {}

    # What screens use

    @property
    def selected(self) -> T | None:
        """Return the selected row in its newest state, painted or not."""
        return self._pending.get(self._selected or "") or self._window.row(self._at)

    @property
    def cursor(self) -> int:
        """Return the line of the selected row."""
        return self._at

    @property
    def window(self) -> Window[T]:
        """Return what is loaded."""
        return self._window

    @property
    def is_loading(self) -> bool:
        """Tell whether the first page is still awaited."""
        return not self._window.is_loaded and self._error is None

    def show(
        self, fetch: Fetch[T], *, order: Callable[[T], Any] | None = None, empty: str | None = None
    ) -> None:
        """Show another list in place of this one, from its beginning."""
        self._fetch_page, self._order = fetch, order
        self._empty = self._empty if empty is None else empty
        self._window = Window(self._key, order)
        self._at, self._selected, self._error = 0, None, None
        self._pending.clear()
        self._meanwhile = None
        self._moved_on.clear()
        self.scroll_to(y=0, animate=False)
        self._paint()
        self._start_loading()

    def reload(self) -> None:
        """Fetch what is looked at again, without losing the place; rows stay until the new ones are here."""
        self._error = None
        self._is_outdated = True
        self._window.expire()
        self._ask()
        self._paint()

    def put(self, row: T) -> None:
        """Take in a row's new state; painted soon, together with others."""
        key = self._key(row)
        self._pending[key] = row
        if self._meanwhile is not None:
            self._meanwhile[key] = row
        self._soon()

    def take_out(self, key: str) -> None:
        """Take a row out, if it is there or about to come; painted soon."""
        if self._meanwhile is not None:
            self._meanwhile[key] = None
        if key in self._pending or self._window.get(key) is not None:
            self._pending[key] = None
            self._soon()

    def connection_is_back(self) -> None:
        """Try again what failed while there was none."""
        if self._error is not None:
            self.action_retry()

    def repaint(self) -> None:
        """Paint all cells again, as after a change of what they are made from."""
        self._strips.clear()
        self.refresh()

    def select(self, key: str) -> bool:
        """Select a row that is loaded; tell whether it is."""
        at = self._window.index(key)
        if at is not None:
            self._go(at)
        return at is not None

    # Live changes

    def _soon(self) -> None:
        if self._timer is None and self.is_attached:
            self._timer = self.set_timer(REPAINT, self._apply)

    def _apply(self) -> None:
        """Take in what has gathered; the selected row stays on its line, or at least in sight."""
        self._timer = None
        pending, self._pending = self._pending, {}
        anchor = self._anchor()
        for key, row in pending.items():
            self._strips = {at: strip for at, strip in self._strips.items() if at[0] != key}
            self._take(key, row)
        self._settle(anchor)
        self._paint()
        self._ask()

    def _take(self, key: str, row: T | None) -> None:
        if row is None:
            self._moved_on.pop(key, None)
            self._window.remove(key)
        elif key == self._selected and self.scroll_offset.y > 0 and self._window.replace(row):
            # What one is about to open must not jump away: it takes its new place when one goes on.
            self._moved_on[key] = row
        else:
            self._window.put(row)

    def _anchor(self) -> tuple[str | None, int]:
        """Return a row that is in sight, the selected one if it is, and its line."""
        top = self.scroll_offset.y
        if self._selected is not None and top <= self._at < top + self._lines:
            return self._selected, self._at - top
        first = self._window.row(top)
        return (None if first is None else self._key(first)), 0

    def _settle(self, anchor: tuple[str | None, int]) -> None:
        key, line = anchor
        self._size_up()
        top = self.scroll_offset.y
        found = None if key is None else self._window.index(key)
        if found is not None and top > 0:
            self.scroll_to(y=max(0, found - line), animate=False)
        at = None if self._selected is None else self._window.index(self._selected)
        self._point(min(self._at, max(0, len(self._window) - 1)) if at is None else at)
        if found is not None and key == self._selected and top == 0:
            self._reveal()

    def _point(self, at: int) -> None:
        """Select the row at an index, and say so if it is another one, or another state of it."""
        row = self._window.row(at)
        key = None if row is None else self._key(row)
        self._at = at
        left, self._selected = self._selected, key
        if key != left or row is not self._told:
            self._told = row
            self.post_message(self.Moved(self, row))
        if key != left and left in self._moved_on:
            self.put(self._moved_on.pop(left))

    # Pages

    def _start_loading(self) -> None:
        """Begin to fetch; what was being fetched for another list is given up."""
        self._ask()
        if self.is_attached:
            self.run_worker(self._load(), group="pages", exclusive=True)

    async def _load(self) -> None:
        """Fetch pages as they are wanted, one at a time; ends with the widget."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            wanted = self._wanted()
            if wanted is None or self._error is not None:
                continue
            self._meanwhile, self._is_outdated = {}, False
            try:
                page = await self._fetch_page(wanted[0])
            except DeskError as error:
                self._refused(error)
            else:
                self._arrived(wanted[0], page)
                self._asked.set()
            self._meanwhile = None

    def _refused(self, error: DeskError) -> None:
        if self._is_outdated:
            self._asked.set()
            return
        self._error = plain(error.detail)
        self._paint()
        if isinstance(error, Unauthorized):
            self.post_message(LoginNeeded())

    def _wanted(self) -> tuple[str | None] | None:
        top = self.scroll_offset.y
        return self._window.missing(top, top + self._lines + _AHEAD) or self._window.grown()

    def _arrived(self, cursor: str | None, page: Page[T]) -> None:
        anchor = self._anchor()
        was_loaded = self._window.is_loaded
        self._window.add(cursor, page.items, page.next)
        if self._is_outdated:
            self._window.expire()
        if self._meanwhile:
            self._pending.update(self._meanwhile)
            self._soon()
        top = self.scroll_offset.y
        self._window.trim(top, top + self._lines)
        self._strips.clear()
        self._settle(anchor if was_loaded else (None, 0))
        self._paint()

    def _ask(self) -> None:
        self._asked.set()

    def action_retry(self) -> None:
        """Fetch again what could not be fetched."""
        self._error = None
        self._ask()
        self._paint()

    # Moving

    def action_move(self, by: int) -> None:
        """Select a row above or below."""
        self._go(self._at + by)

    def action_page(self, by: int) -> None:
        """Select a row a screen away."""
        self._go(self._at + by * max(1, self._lines - 1))

    def action_edge(self, side: int) -> None:
        """Select the first row, or the last one loaded."""
        self._go(0 if side < 0 else len(self._window) - 1)

    def action_open(self) -> None:
        """Say that the selected row was chosen; where loading failed, try again."""
        row = self.selected
        if row is not None:
            self.post_message(self.Opened(self, row))
        elif self._error is not None:
            self.action_retry()

    def _go(self, at: int) -> None:
        at = max(0, min(at, len(self._window) - 1))
        before = self._at
        self._point(at)
        self._reveal()
        self._refresh_row(before)
        self._refresh_row(at)
        self._ask()

    def _reveal(self) -> None:
        top = self.scroll_offset.y
        if self._at < top:
            self.scroll_to(y=self._at, animate=False)
        elif self._at >= top + self._lines:
            self.scroll_to(y=self._at - self._lines + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._ask()

    def on_click(self, event: events.Click) -> None:
        """Select the row that is clicked on; a second click opens it."""
        at = self.scroll_offset.y + event.y - 1
        if event.y < 1 or at >= len(self._window):
            return
        if at == self._at and event.chain > 1:
            self.action_open()
        else:
            self._go(at)

    # Painting

    def on_mount(self) -> None:
        """Start fetching."""
        self._refresh_scrollbars()
        self._start_loading()

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._layout = []
        self._size_up()
        self._reveal()
        self.repaint()
        self._ask()

    def notify_style_update(self) -> None:
        """Forget what was painted in other colours."""
        super().notify_style_update()
        self._strips.clear()

    @property
    def _lines(self) -> int:
        return max(1, self.size.height - 1)

    def _paint(self) -> None:
        self._size_up()
        self.refresh()

    def _size_up(self) -> None:
        rest = 1 if self._window.has_more or (self._error and len(self._window)) else 0
        set_lines(self, len(self._window) + rest + 1)

    def _refresh_row(self, at: int) -> None:
        y = at - self.scroll_offset.y + 1
        if 0 < y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen: the titles first, then rows."""
        width = self.size.width
        if y == 0:
            return self._strip(self._titles(), "listing--head", width)
        at = self.scroll_offset.y + y - 1
        if at < len(self._window):
            return self._row_strip(at, width)
        style, text = self._last_words(at - len(self._window))
        return self._strip(Content(f"  {text}" if text else ""), style, width)

    def _last_words(self, line: int) -> tuple[str, str]:
        """Return what stands below the rows."""
        blank = len(self._window) == 0
        if line != (1 if blank else 0):
            return "listing--row", ""
        if self._error is not None:
            return "listing--error", f"✗ Not loaded; r tries again. {self._error}"
        if self.is_loading or self._window.has_more:
            return "listing--quiet", "Loading …"
        return "listing--quiet", self._empty if blank else ""

    def _row_strip(self, at: int, width: int) -> Strip:
        row = self._window.row(at)
        is_cursor = at == self._at
        cursor = "listing--cursor" if self.has_focus else "listing--cursor-blurred"
        style = cursor if is_cursor else "listing--row"
        if row is None:
            return self._strip(Content("  …"), style if is_cursor else "listing--quiet", width)
        known = (self._key(row), style)
        if (strip := self._strips.get(known)) is None:
            if len(self._strips) > 500:
                self._strips.clear()
            strip = self._strips[known] = self._strip(self._cells(row, is_cursor=is_cursor), style, width)
        return strip

    def _strip(self, content: Content, style: str, width: int) -> Strip:
        base = self.get_visual_style(style)
        line = content.truncate(width, pad=True)
        return Visual.to_strips(self, line, width, 1, base)[0].adjust_cell_length(width, base.rich_style)

    def _titles(self) -> Content:
        return join_cells([Content(each.column.title) for each in self._laid_out()], self._laid_out(), " ")

    def _cells(self, row: T, *, is_cursor: bool) -> Content:
        shown = (each.column.cell(row) for each in self._laid_out())
        cells = [Content(cell) if isinstance(cell, str) else cell for cell in shown]
        content = join_cells(cells, self._laid_out(), "▌" if is_cursor else " ")
        return content.stylize_before("$text-muted") if self._dim is not None and self._dim(row) else content

    def _laid_out(self) -> list[Sized[T]]:
        if not self._layout:
            self._layout = lay_out(self._columns, self.size.width - 1)
        return self._layout
