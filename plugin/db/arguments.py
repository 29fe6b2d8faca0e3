"""Queries with as many arguments as there are values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Arguments:
    """The arguments of a query that is put together."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        """Take one more, and return what stands for it in the query."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add_all(self, values: Sequence[Any]) -> str:
        """Take several, and return what stands for them in `IN (…)`."""
        return ", ".join(self.add(value) for value in values)
