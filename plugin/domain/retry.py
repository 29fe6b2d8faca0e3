"""Which failed request is worth another try, and when."""

from __future__ import annotations

from datetime import timedelta

_FIRST = 0.5
_LONGEST = 15.0

# The event itself is at fault: the homeserver would refuse it for ever. Anything else, a missing
# permission or a revoked token too, is for the operator to mend, and the message waits for it.
_PERMANENT = frozenset({"M_TOO_LARGE", "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM"})


def is_permanent(errcode: str | None) -> bool:
    """Tell whether the homeserver's `errcode` says that this event can never be sent."""
    return errcode in _PERMANENT


def backoff(failures: int) -> timedelta:
    """Return how long to wait after `failures` failures in a row: 0.5 s, doubling, at most 15 s."""
    return timedelta(seconds=min(_FIRST * 2 ** max(failures - 1, 0), _LONGEST) if failures < 32 else _LONGEST)
