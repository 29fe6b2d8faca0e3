"""What a moderator may choose for a block, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .facts import moment
from .lengths import EXAMPLES, end_after, format_length, parse_length

_USUAL = ("1h", "1d", "3d", "1w", "30d")


@dataclass(frozen=True, kw_only=True)
class BlockWish:
    """A block to be made."""

    kind: Literal["block", "timeout"]
    duration: str | None
    """As the desk reads it; None with `forever`."""
    forever: bool
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Length:
    """One of the lengths to choose from."""

    label: str
    duration: str | None
    """None: one types it, or it is for ever."""
    forever: bool = False


@dataclass(frozen=True, kw_only=True)
class BlockChoices:
    """What the operator allows."""

    default: str
    longest: str | None
    forever: bool

    def lengths(self) -> list[Length]:
        """Return what there is to choose from, the default first."""
        most = parse_length(self.longest or "")
        first = Length(label=f"{self.default} (usual)", duration=self.default)
        default = parse_length(self.default)
        others = [
            Length(label=text, duration=text)
            for text in _USUAL
            if (length := parse_length(text)) != default and (most is None or (length and length <= most))
        ]
        last = [Length(label="another …", duration=None)]
        if self.forever:
            last.append(Length(label="until it is lifted", duration=None, forever=True))
        return [first, *others, *last]

    def problem(self, duration: str) -> str | None:
        """Say what is wrong with a length that was typed, or None."""
        length, most = parse_length(duration), parse_length(self.longest or "")
        if not duration.strip():
            return f"How long? For example {EXAMPLES}"
        if length is None:
            return f"Not a length. For example {EXAMPLES}"
        if length <= timedelta(0):
            return "It must be longer than nothing"
        if most is not None and length > most:
            return f"The longest that is allowed is {self.longest}"
        return None


def preview(duration: str | None, now: datetime) -> str:
    """Say when a block that begins now ends: `ends Wed 4 Mar 12:00, in 3d`."""
    if duration is None:
        return "ends when it is lifted"
    length = parse_length(duration)
    end = None if length is None else end_after(now, length)
    if length is None or end is None:
        return ""
    return f"ends {moment(end, now)}, in {format_length(length)}"
