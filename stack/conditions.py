"""Waiting until something is so, never for a length of time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
PROBE_EVERY = 0.05

PATIENCE = 120.0
"""Seconds after which what was waited for does not come any more, however slow and busy the machine is."""


class NotInTimeError(AssertionError):
    """What was waited for did not come about; an assertion, so that a test fails with its text."""


async def until(
    probe: Callable[[], Awaitable[T | None]],
    what: str,
    *,
    within: float = PATIENCE,
    every: float = PROBE_EVERY,
) -> T:
    """Calls the probe until it returns something true, and returns that; `within` and `every` in seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        found = await probe()
        if found:
            return found
        if loop.time() > deadline:
            raise NotInTimeError(f"not within {within:g} s: {what}")
        await asyncio.sleep(every)


async def all_of(*awaitables: Awaitable[Any]) -> list[Any]:
    """Like gather, but when one fails the others are cancelled and waited for, not left running."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
