"""Rows that other rows need, and values whose every field is told apart."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Generator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest

from plugin.db.database import Database
from plugin.domain.model import Author, Batch, Customer, Message, OutboxRow, RoomEvent, Ticket

T0 = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=timezone.utc)


class Make:
    """Values of the domain; `changes` are fields to be different."""

    t0 = T0
    refused = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
    """What a unique or foreign key says no with."""

    def at(self, milliseconds: int) -> datetime:
        """Return the time that is so much after the first."""
        return T0 + timedelta(milliseconds=milliseconds)

    def customer(self, customer_id: str = "c1", **changes: Any) -> Customer:
        customer = Customer(
            id=customer_id,
            identity="anonymous",
            name=None,
            ticket=None,
            last_seq=0,
            last_event=0,
            created_at=T0,
        )
        return replace(customer, **changes)

    def ticket(self, number: int = 1001, customer_id: str = "c1", **changes: Any) -> Ticket:
        ticket = Ticket(number=number, customer_id=customer_id, status="open", opened_at=T0, active_at=T0)
        return replace(ticket, **changes)

    def message(self, seq: int = 1, customer_id: str = "c1", **changes: Any) -> Message:
        message = Message(
            id=f"m-{customer_id}-{seq}",
            customer_id=customer_id,
            seq=seq,
            ticket=1001,
            channel="team",
            author=Author(kind="customer", id=customer_id, name=None),
            text=f"text {seq}",
            reply_to=None,
            client_id=f"client-{customer_id}-{seq}",
            created_at=self.at(seq),
        )
        return replace(message, **changes)

    def answer(self, name: str, customer_id: str = "c1", **changes: Any) -> OutboxRow:
        row = OutboxRow(
            id=name,
            lane="answers",
            customer_id=customer_id,
            ticket=1001,
            text=f"answer {name}",
            created_at=T0,
        )
        return replace(row, **changes)

    def batch(self, name: str = "b1", customer_id: str = "c1", **changes: Any) -> Batch:
        batch = Batch(
            id=name,
            lane=customer_id,
            customer_id=customer_id,
            ticket=1001,
            room_id="!room",
            parts=("one",),
            part_count=len(changes.get("parts", ("one",))),
            held=False,
            attempt=1,
            tries=0,
            device_id="DEVICE",
            first_tried_at=self.at(7),
            fence=1,
            created_at=self.at(6),
        )
        return replace(batch, **changes)

    def event(self, position: int, **changes: Any) -> RoomEvent:
        event = RoomEvent(
            position=position,
            event_id=f"$event{position}",
            room_id="!room",
            sender="@alice:example.org",
            type="m.room.message",
            content={"body": f"body {position}"},
            sent_at=self.at(position),
        )
        return replace(event, **changes)


class Seed:
    """Puts rows there that a test needs but is not about."""

    def __init__(self, database: Database, make: Make) -> None:
        self._database, self._make = database, make

    async def customer(self, customer_id: str = "c1", **changes: Any) -> Customer:
        customer = self._make.customer(customer_id, **changes)
        async with self._database.transaction() as tx:
            await tx.sessions.add_customer(customer)
        return customer

    async def messages(self, count: int, customer_id: str = "c1", **changes: Any) -> list[Message]:
        """Store so many messages with their events and outbox rows, after what is there."""
        stored = []
        async with self._database.transaction() as tx:
            for _ in range(count):
                customer = await tx.conversations.advance(customer_id)
                assert customer is not None
                message = self._make.message(customer.last_seq, customer_id, **changes)
                await tx.conversations.add_message(message, customer.last_event)
                await tx.outbox.add_message(message)
                stored.append(message)
        return stored

    async def batch(
        self, name: str = "b1", *, until: int = 1000, owner: str = "host", **changes: Any
    ) -> Batch:
        """Store a batch of all that waits in its lane, leased for so many milliseconds."""
        batch = self._make.batch(name, **changes)
        async with self._database.transaction() as tx:
            rows = await tx.outbox.list_rows(batch.lane, 100)
            await tx.batches.add(batch, rows, owner, self._make.at(until))
        return batch


class Interrupted:
    """A coroutine to be awaited in a task of its own, told of each time that it waits."""

    def __init__(self, body: Coroutine[Any, Any, Any], on_wait: Callable[[int, Any], None]) -> None:
        self._body, self._on_wait = body, on_wait

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[Any], Any] = self._body.send
        value: Any = None
        waits = 0
        while True:
            try:
                future = step(value)
            except StopIteration as stop:
                return stop.value
            waits += 1
            self._on_wait(waits, future)
            try:
                value = yield future
                step = self._body.send
            except BaseException as error:
                value, step = error, self._body.throw


class Canceller:
    """Runs a coroutine and cancels it at chosen ones of the points at which it waits."""

    async def run(
        self, body: Coroutine[Any, Any, Any], cancel_at: Callable[[int], bool], *, late: bool = False
    ) -> int:
        """Cancel at the waits, counted from 1, for which `cancel_at` holds; return how many there were.

        `late`: in the very moment that what it waits for comes.

        Raises:
            CancelledError: the coroutine ended by it.
        """
        loop, waits = asyncio.get_running_loop(), 0

        def on_wait(number: int, future: Any) -> None:
            nonlocal waits
            waits = number
            if not cancel_at(number):
                return
            if late and future is not None:
                # Before the task itself is told.
                future.add_done_callback(lambda _: task.cancel())
            else:
                # Not at once: a task must be waiting for what the cancel is to interrupt.
                loop.call_soon(task.cancel)

        async def awaited() -> Any:
            return await Interrupted(body, on_wait)

        task = asyncio.create_task(awaited())
        await asyncio.wait([task])
        task.result()
        return waits


@pytest.fixture
def make() -> Make:
    """Give the maker of values."""
    return Make()


@pytest.fixture
def seed(database: Database, make: Make) -> Seed:
    """Give what fills the database."""
    return Seed(database, make)


@pytest.fixture
def canceller() -> Canceller:
    """Give what cancels."""
    return Canceller()
