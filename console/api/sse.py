"""Server-sent events out of bytes that may be cut anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import NotUnderstood

LARGEST_EVENT = 4 * 1024 * 1024
"""Bytes of one event; more is no event of a desk, and would fill the memory."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, kw_only=True)
class RawEvent:
    """One whole event as it came."""

    id: str | None
    """None where this event has none of its own."""
    type: str
    data: str


class SseParser:
    """Takes bytes as they come and gives the events that are whole by then."""

    def __init__(self) -> None:
        self._rest = b""
        """The line that has not ended yet."""
        self._after_cr = False
        """The last byte was a CR, of which an LF may still be a part."""
        self._fields: dict[str, list[str]] = {}
        self._size = 0

    def feed(self, chunk: bytes) -> list[RawEvent]:
        """Return the events that end within `chunk`. Raises NotUnderstood for one without end."""
        if not chunk:
            return []
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        *lines, self._rest = _LINE_END.split(self._rest + chunk)
        events = [event for line in lines if (event := self._take(line)) is not None]
        if len(self._rest) + self._size > LARGEST_EVENT:
            raise NotUnderstood("An event of the desk's stream is too large.")
        return events

    def _take(self, line: bytes) -> RawEvent | None:
        if not line:
            return self._dispatch()
        self._size += len(line)
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name:
            self._fields.setdefault(name, []).append(value.removeprefix(" "))
        return None

    def _dispatch(self) -> RawEvent | None:
        fields, self._fields, self._size = self._fields, {}, 0
        if "data" not in fields:
            return None
        return RawEvent(
            id=fields["id"][-1] if "id" in fields else None,
            type=fields.get("event", ["message"])[-1],
            data="\n".join(fields["data"]),
        )
