"""Sixty messages a minute offered to a group that takes twenty: the whole system, on the real clock."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stack.conditions import until
from stack.customer import Customer
from stack.system import System
from stack.telegram_client import ALICE, TelegramMessage

from .figures import Aim, Figure, Measured, Plan, Row

_PER_MINUTE, _OFFERED, _WINDOW = 20, 60, 60.0
_CUSTOMERS = 10
"""Who write all the time; others come with their first message meanwhile."""
_FIRSTS = 6
_COMMANDS = 3
_LOOK = 1.0
_CONFIG = {
    "relay": {"per_minute": _PER_MINUTE, "join_within": "0s"},
    "limits": {"messages_per_minute": 1000, "sessions_per_hour": 1000},
}


@dataclass(kw_only=True)
class _Seen:
    """What was offered and when, by its words, and how much waited."""

    backlog: list[int] = field(default_factory=list)
    written: dict[str, float] = field(default_factory=dict)
    firsts: dict[str, float] = field(default_factory=dict)
    commands: dict[str, float] = field(default_factory=dict)


async def _write(customers: Sequence[Customer], seen: _Seen, minutes: float) -> None:
    """Let the customers write in turn, one message a second in all."""
    began = time.time()
    for number in range(round(_OFFERED * minutes)):
        await asyncio.sleep(began + number * _WINDOW / _OFFERED - time.time())
        text = f"<m{number}>"
        seen.written[text] = time.time()
        await customers[number % len(customers)].send(text, client_id=str(uuid.uuid4()))


async def _come(system: System, seen: _Seen, minutes: float) -> None:
    """Let others come with their first message, spread over the time."""
    for number in range(_FIRSTS):
        await asyncio.sleep(minutes * _WINDOW / (_FIRSTS + 1))
        customer, text = await system.customer(), f"<f{number}>"
        seen.firsts[text] = time.time()
        await customer.send(text)


async def _command(system: System, seen: _Seen, minutes: float) -> None:
    """Let a moderator block somebody for a while, again and again; each command has an answer."""
    for number in range(_COMMANDS):
        await asyncio.sleep(minutes * _WINDOW / (_COMMANDS + 1))
        posts = [post for post in await system.telegram.relayed() if re.search(r"<[fm]\d+>", post.text)]
        ticket = re.search(r"#(\d+)", posts[number].text)
        assert ticket  # noqa: S101 - every post begins with it
        seen.commands[f"✓ #{ticket[1]}"] = time.time()
        await system.telegram.send(ALICE, "/timeout 1m", reply_to=posts[number].id)


async def _watch(system: System, seen: _Seen) -> None:
    while True:
        seen.backlog.append(await _waiting(system))
        await asyncio.sleep(_LOOK)


async def _waiting(system: System) -> int:
    answer = await system.api.request("GET", "/v1/metrics")
    found = re.search(r"^headset_outbox_waiting_messages (\d+)$", answer.text, re.MULTILINE)
    return int(found[1]) if found else 0


async def _offer(system: System, minutes: float) -> tuple[_Seen, list[TelegramMessage]]:
    """Offer all of it; return what was seen, and the group's posts once the backlog is gone."""
    seen = _Seen()
    customers = [await system.customer() for _ in range(_CUSTOMERS)]
    watch = asyncio.create_task(_watch(system, seen))
    try:
        await asyncio.gather(
            _write(customers, seen, minutes), _come(system, seen, minutes), _command(system, seen, minutes)
        )

        async def is_empty() -> bool:
            return await _waiting(system) == 0

        await until(is_empty, "an empty backlog", within=600)

        async def all_there() -> list[TelegramMessage]:
            posts = list(await system.telegram.relayed())
            words = {word for post in posts for word in re.findall(r"<[fm]\d+>", post.text)}
            return posts if words >= seen.firsts.keys() else []

        return seen, await until(all_there, "every first message in the group", within=600)
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


def _dates(posts: Sequence[TelegramMessage]) -> list[float]:
    return [datetime.fromisoformat(post.raw["date"]).timestamp() for post in posts]


def _fullest(dates: Sequence[float]) -> int:
    """Return how many posts stand in the fullest minute; a date is the time with its fraction cut off."""
    return max(sum(1 for date in dates if start <= date < start + _WINDOW) for start in dates)


def _waits(posts: Sequence[TelegramMessage], since: dict[str, float]) -> list[float]:
    """Return how long each of these took to the group, in seconds."""
    found: dict[str, float] = {}
    for post, date in zip(posts, _dates(posts), strict=True):
        for word, began in since.items():
            if word in post.text and date >= began - 1:
                found.setdefault(word, max(date - began, 0.0))
    return list(found.values())


async def measure(plan: Plan) -> Measured:
    """Offer for three minutes, or when in a hurry for one."""
    minutes = plan.scaled(3, 1)
    async with System() as system:
        await system.configure(_CONFIG)
        await system.telegram.limit_posts(_PER_MINUTE)
        plan.say(f"{_OFFERED} messages a minute for {minutes} min, {_PER_MINUTE} posts a minute")
        seen, posts = await _offer(system, minutes)
        refused = await system.telegram.count_flood_waits()
    yield Figure.of(
        "largest backlog",
        max(seen.backlog),
        unit="messages",
        aim=Aim(compared="itself", bound=_OFFERED),
        notes=f"{len(seen.written)} messages in {minutes} min by {_CUSTOMERS} customers; joined, "
        f"{len(posts)} posts carry them",
    )
    yield Figure.of(
        "posts in the fullest minute",
        _fullest(_dates(posts)),
        unit="posts",
        aim=Aim(compared="itself", bound=_PER_MINUTE),
    )
    yield Figure.of("flood waits", refused, unit="times", aim=Aim(compared="itself", bound=0))
    for name, since in (("a first message", seen.firsts), ("an answer to a command", seen.commands)):
        yield Figure.of(
            f"{name}, the longest way into a full group",
            max(_waits(posts, since), default=float("inf")),
            unit="s",
            aim=Aim(compared="itself", bound=_WINDOW),
        )
    yield Figure.of("any message, the longest way", max(_waits(posts, seen.written)), unit="s")


ROW = Row(name="pacing", title="Sixty messages a minute where Telegram takes twenty", measure=measure)
