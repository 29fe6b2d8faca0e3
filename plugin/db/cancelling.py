"""What is carried on when the task that waits for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(step: Coroutine[Any, Any, T]) -> T:
    """Await `step` to its end even when this task is cancelled meanwhile, then let the cancel through.

    Without it a connection would go back to the pool in the middle of a transaction, and the next one would
    fail or vanish; a plugin that stops would leave its workers to go on beside those of the next start.
    """
    task = asyncio.ensure_future(step)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except Exception:  # raised again by task.result()
            break
    if cancelled:
        # The cancel comes first: whoever asked for it waits for this task to end.
        raise asyncio.CancelledError from task.exception()
    return task.result()
