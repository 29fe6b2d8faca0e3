"""Reading values out of JSON: what is missing or of another kind is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from .errors import NotUnderstood

K = TypeVar("K")
T = TypeVar("T")
Json = Mapping[str, Any]


class Fields:
    """One JSON object of the desk; each method reads one of its members.

    Raises:
        NotUnderstood: by every method, when the member is not what it must be.
    """

    def __init__(self, data: object, what: str) -> None:
        if not isinstance(data, Mapping):
            raise NotUnderstood(f"The desk's {what} is not a JSON object.")
        self.data: Json = data
        self._what = what

    def text(self, name: str) -> str:
        """Return a string."""
        return self._read(name, str)

    def text_or_none(self, name: str) -> str | None:
        """Return a string, or None where there is none."""
        return self.or_none(name, self.text)

    def whole(self, name: str) -> int:
        """Return a whole number."""
        value = self._read(name, int)
        if isinstance(value, bool):  # which Python takes for a number
            raise self._wrong(name)
        return value

    def whole_or_none(self, name: str) -> int | None:
        """Return a whole number, or None where there is none."""
        return self.or_none(name, self.whole)

    def number_or_none(self, name: str) -> float | None:
        """Return a number, or None where there is none."""
        return self.or_none(name, self._number)

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        return self._read(name, bool)

    def time(self, name: str) -> datetime:
        """Return an aware time."""
        try:
            at = datetime.fromisoformat(self.text(name).replace("Z", "+00:00"))
        except ValueError:
            raise self._wrong(name) from None
        if at.tzinfo is None:
            raise self._wrong(name)
        return at

    def time_or_none(self, name: str) -> datetime | None:
        """Return an aware time, or None where there is none."""
        return self.or_none(name, self.time)

    def object(self, name: str, make: Callable[[Json], T]) -> T:
        """Return a member that is an object."""
        return make(self.json(name))

    def object_or_none(self, name: str, make: Callable[[Json], T]) -> T | None:
        """Return a member that is an object, or None where there is none."""
        return self.or_none(name, lambda key: self.object(key, make))

    def many(self, name: str, make: Callable[[Any], T]) -> tuple[T, ...]:
        """Return a list, each item made by `make`."""
        return tuple(make(item) for item in self._read(name, list))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings."""
        values = self._read(name, list)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(name)
        return tuple(values)

    def json(self, name: str) -> Json:
        """Return a member that is any object."""
        value = self.data.get(name)
        if not isinstance(value, Mapping):
            raise self._wrong(name)
        return value

    def or_none(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return what `read` finds, or None where the member is null or absent."""
        return None if self.data.get(name) is None else read(name)

    def _number(self, name: str) -> float:
        value = self.data.get(name)
        return value if isinstance(value, float) else float(self.whole(name))

    def _read(self, name: str, kind: type[K]) -> K:
        value = self.data.get(name)
        if not isinstance(value, kind):
            raise self._wrong(name)
        return value

    def _wrong(self, name: str) -> NotUnderstood:
        return NotUnderstood(
            f"The desk's {self._what} has no usable {name}: this console may be older than the desk."
        )
