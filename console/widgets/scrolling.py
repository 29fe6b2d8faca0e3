"""Scrolling views that grow many times a second."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


def set_lines(view: ScrollView, lines: int) -> None:
    """Set how many lines a view has.

    Setting `virtual_size` would lay the whole screen out anew, which costs more than painting the view;
    where a scrollbar comes or goes that happens all the same.
    """
    size = Size(view.size.width, lines)
    if size != view.virtual_size:
        view.set_reactive(Widget.virtual_size, size)
        view._scroll_update(size)
        view.scroll_y = view.validate_scroll_y(view.scroll_y)
