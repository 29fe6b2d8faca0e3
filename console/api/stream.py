"""The moderators' stream: it comes back by itself, and nothing is missed or told twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from .client import Client
from .errors import ApiError, NotUnderstood, Unauthorized, Unreachable
from .events import Event, Reset, read_event, read_reset
from .sse import RawEvent, SseParser

FIRST_WAIT = 1.0
LONGEST_WAIT = 15.0

_CHUNK = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Connecting:
    """An attempt begins."""


@dataclass(frozen=True, kw_only=True)
class Connected:
    """The stream is open: what happens shows at once."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """The stream is cut; it is tried again by itself."""

    reason: str
    retry_in: float
    """Seconds."""


Item = Connecting | Connected | Lost | Event | Reset


class Backoff:
    """How long to wait before each attempt: longer each time, never the same for two consoles."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance, self._failures = chance, 0

    def next(self, wished: float | None = None) -> float:
        """Return the seconds before the next attempt, not fewer than the desk wished for."""
        most = min(LONGEST_WAIT, FIRST_WAIT * 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        wait = max(FIRST_WAIT, most * (0.5 + self._chance() / 2), wished or 0.0)
        return min(LONGEST_WAIT, wait)

    def reset(self) -> None:
        """Begin anew after an attempt that held."""
        self._failures = 0


class Stream:
    """Everything that happens after `last_event_id`, told once and in order.

    Iterate over it in one task. It ends by Unauthorized alone, when the token is not valid any more.
    """

    def __init__(self, client: Client, last_event_id: int, *, backoff: Backoff | None = None) -> None:
        self._client, self._backoff = client, backoff or Backoff()
        self.last_event_id = last_event_id
        """Number of the last event that was given out."""
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Try again now instead of waiting."""
        self._hurry.set()

    async def __aiter__(self) -> AsyncGenerator[Item, None]:
        while True:
            yield Connecting()
            wished = None
            try:
                async with aclosing(self._read()) as items:
                    async for item in items:
                        yield item
                reason = "The desk ended the stream."
            except Unauthorized:
                raise
            except (Unreachable, ApiError) as error:
                reason, wished = error.detail, error.retry_after
            wait = self._backoff.next(wished)
            self._hurry.clear()
            yield Lost(reason=reason, retry_in=wait)
            await self._wait(wait)

    async def _read(self) -> AsyncGenerator[Item, None]:
        parser = SseParser()
        headers = {"Last-Event-ID": str(self.last_event_id), "Accept": "text/event-stream"}
        async with self._client.stream("v1/mod/events", headers) as body:
            yield Connected()
            while chunk := await body.read(_CHUNK):
                # Only now: a server that takes connections and drops them is not well.
                self._backoff.reset()
                for raw in parser.feed(chunk):
                    item = self._take(raw)
                    if item is not None:
                        yield item

    def _take(self, raw: RawEvent) -> Event | Reset | None:
        """Return what an event tells; None for one that was given out before."""
        if raw.type == "session.ended":
            raise Unauthorized
        if raw.type == "reset":
            reset = read_reset(raw.data)
            self.last_event_id = reset.id
            return reset
        if raw.id is None or not (raw.id.isascii() and raw.id.isdigit()):
            raise NotUnderstood("An event of the desk's stream has no number.")
        number = int(raw.id)
        if number <= self.last_event_id:
            return None
        self.last_event_id = number
        return read_event(number, raw.type, raw.data)

    async def _wait(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)
