"""How long a moderator's event takes to the customer's stream, beside a bare /sync that sees it, too."""

from __future__ import annotations

import asyncio
import json
import time
from urllib.parse import quote

from stack.conditions import until
from stack.customer import Customer, EventStream
from stack.matrix import CLIENT, MatrixUser

from .desk import Desk
from .figures import Aim, Figure, Measured, Plan, Row, percentile

_PACE = 5.0
"""Replies a second: a busy team."""
_FILTER = json.dumps(
    {
        "room": {
            "timeline": {"types": ["m.room.message"], "limit": 50},
            "state": {"types": []},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
        "presence": {"types": []},
        "account_data": {"types": []},
    }
)


class _Eye:
    """Another client in the room, that does nothing but /sync; knows when it saw what."""

    def __init__(self, user: MatrixUser, room_id: str) -> None:
        self._user, self._room_id = user, room_id
        self.seen: dict[str, float] = {}

    async def watch(self) -> None:
        """Sync until cancelled."""
        query = f"filter={quote(_FILTER)}&set_presence=offline"
        path = f"{CLIENT}/sync?{query}"
        since = (await self._user.api.call("GET", f"{path}&timeout=0"))["next_batch"]
        while True:
            answer = await self._user.api.call("GET", f"{path}&timeout=30000&since={since}")
            now, since = time.perf_counter(), answer["next_batch"]
            room = answer.get("rooms", {}).get("join", {}).get(self._room_id, {})
            for event in room.get("timeline", {}).get("events", []):
                self.seen.setdefault(event["content"].get("body", ""), now)


class _Ear:
    """The customer's stream; knows when it heard what."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}

    async def listen(self, stream: EventStream) -> None:
        """Note until cancelled."""
        while (event := await stream.next(within=600)) is not None:
            self.heard.setdefault(event.data.get("text", ""), time.perf_counter())


async def _relayed(desk: Desk, customer: Customer, text: str) -> str:
    await customer.send(text)
    event = await desk.ghost.wait_for_event(
        desk.room_id, lambda event: text in event["content"].get("body", ""), f"{text!r} in the room"
    )
    return str(event["event_id"])


async def _run(desk: Desk, eye: _Eye, ear: _Ear, post: str, texts: list[str]) -> list[tuple[float, float]]:
    """Let the moderator say these; return for each how long stream and /sync took, in milliseconds."""
    sent: dict[str, float] = {}

    async def say(number: int, text: str) -> None:
        await asyncio.sleep(number / _PACE)
        sent[text] = time.perf_counter()
        await desk.ghost.send_text(desk.room_id, text, reply_to=post)

    await asyncio.gather(*(say(number, text) for number, text in enumerate(texts)))

    async def all_there() -> bool:
        return all(text in ear.heard and text in eye.seen for text in texts)

    await until(all_there, "every reply on the stream and in the /sync")
    return [((ear.heard[text] - sent[text]) * 1000, (eye.seen[text] - sent[text]) * 1000) for text in texts]


async def measure(plan: Plan) -> Measured:
    """Measure both on the same events."""
    count = plan.scaled(220, 60)
    async with Desk() as desk:
        [customer] = await desk.open_customers(1)
        eye, ear = _Eye(await desk.new_user("watcher"), desk.room_id), _Ear()
        async with customer.stream() as stream:
            tasks = [asyncio.create_task(eye.watch()), asyncio.create_task(ear.listen(stream))]
            try:
                post = await _relayed(desk, customer, "Where is my order, please?")
                await _run(desk, eye, ear, post, [f"warm-up {number}" for number in range(10)])
                found = []
                for run in range(plan.runs):
                    texts = [f"answer {number} of run {run}" for number in range(count)]
                    found.append(await _run(desk, eye, ear, post, texts))
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    for percent, most in ((50, 10.0), (99, 25.0)):
        yield _figure(plan, found, percent, most, count)
    every = [mine - other for run in found for mine, other in run]
    yield Figure.of("the same event, stream after /sync, p99", percentile(every, 99), unit="ms")


def _figure(
    plan: Plan, found: list[list[tuple[float, float]]], percent: float, most: float, count: int
) -> Figure:
    mine = [percentile([one for one, _ in run], percent) for run in found]
    other = [percentile([one for _, one in run], percent) for run in found]
    return Figure.of(
        f"moderator's event → customer's stream, p{percent:g}",
        percentile(mine, 50),
        baseline=percentile(other, 50),
        value=percentile([one - two for one, two in zip(mine, other, strict=True)], 50),
        unit="ms",
        aim=Aim(compared="more", bound=most),
        notes=f"from the ghost's PUT; {count} replies a run, {_PACE:g} a second, {plan.runs} runs, "
        "both sides on the same events"
        if percent == 99
        else "",
    )


ROW = Row(name="replies", title="A moderator's event until it is on the customer's stream", measure=measure)
