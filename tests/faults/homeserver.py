"""What requests to the homeserver the proxy is told to meet with a fault."""

from __future__ import annotations

from stack.matrix_proxy import Match, MatrixProxy
from stack.system import System
from tests.faults.plan import Plan

A_SYNC = 100
"""Events of a room that the inbox takes from a sync."""

MORE_THAN_A_SYNC = 120

MANY = 10**9
"""More requests than any run makes."""


def proxy_of(system: System) -> MatrixProxy:
    """Return the proxy of a system that was made with one."""
    assert system.proxy is not None
    return system.proxy


def is_send(method: str, path: str) -> bool:
    """Tell whether a request puts an event into a room."""
    return method == "PUT" and "/send/" in path


def is_sync(_method: str, path: str) -> bool:
    """Tell whether a request asks what happened."""
    return path.endswith("/sync")


def is_any(_method: str, _path: str) -> bool:
    """Take every request."""
    return True


def part_of(match: Match, plan: Plan, part: float) -> Match:
    """Return a match that strikes a part of the requests, at random."""
    return lambda method, path: match(method, path) and plan.random.random() < part
