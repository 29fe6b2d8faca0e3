"""Lists that are wanted whole, though the desk hands them out in parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from .records import Page

T = TypeVar("T")


async def all_pages(fetch: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """Return the items of all pages, in their order; `fetch` gets the cursor of each."""
    items: list[T] = []
    after = None
    while True:
        page = await fetch(after)
        items += page.items
        if (after := page.next) is None:
            return items
