"""Events come twice and out of order: whatever the order, customers see what was said last."""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from stack.conditions import NotInTimeError, all_of, until
from stack.customer import Message
from stack.system import System
from stack.telegram_client import ALICE
from tests.e2e.acts import find_event, replacement, send_as_ghost
from tests.faults.crowd import PATIENCE, Crowd, Visitor, list_events, open_crowd, read_history
from tests.faults.disorder import Disorder
from tests.faults.homeserver import is_sync, proxy_of
from tests.faults.plan import Counts, Fault, Plan, Row
from tests.systems import UNPACED

_APART = 2
"""Seconds between two edits of a message: Telegram's times are whole ones, and no others order them."""


@dataclass(kw_only=True)
class Said:
    """A moderator's reply, as it was changed."""

    visitor: Visitor
    place: int
    id: int = 0
    texts: list[str] = field(default_factory=list)
    """The first one, and what each edit made of it."""
    is_deleted: bool = False


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Let moderators reply, edit, edit back and delete, while the plugin hears it anyhow."""
    customers, rounds, replies = plan.of((10, 12, 4), (3, 1, 3))
    async with (
        System(config=UNPACED, homeserver_proxy=True) as system,
        open_crowd(system, customers) as crowd,
    ):
        await crowd.burst(1)
        await crowd.find_posts()
        disorder = Disorder(plan.random, system.room_id, system.support_bot.mxid)
        said: list[Said] = []
        with proxy_of(system).rewrite(is_sync, disorder.change):
            for _ in range(rounds):
                said += await _talk(crowd, plan, replies, len(said) // customers)
                await _is_in_room(system, said)
            disorder.is_over = True
            began = time.monotonic()
            # Something new, so that the plugin looks.
            await crowd.burst(1)
            await _is_as_said(said)
            healed = time.monotonic() - began
            await crowd.settle()
        counts, failures = await _compare(said)
        if disorder.gaps:
            failures.append(f"{disorder.gaps} answers were not complete, and so not out of order")
        edits = sum(len(one.texts) - 1 for one in said)
        yield Row(
            case="changes before and after, everything again",
            load=f"{len(said)} replies, {edits} edits, {sum(one.is_deleted for one in said)} deletions",
            counts=counts + await crowd.check(),
            heal=healed,
            notes=(f"{disorder.early} changes were early, {disorder.again} events came again",),
            failures=tuple(failures),
        )


async def _talk(crowd: Crowd, plan: Plan, replies: int, place: int) -> list[Said]:
    """Reply to everybody, and change some of it, some of it again, and some of that back."""
    said = [
        Said(visitor=visitor, place=place + number) for visitor in crowd.visitors for number in range(replies)
    ]
    await all_of(*(_reply(crowd.system, list(own)) for _, own in itertools.groupby(said, _visitor_of)))
    for turn in range(plan.of(3, 2)):
        await _next_time_of_telegram()
        for one in plan.random.sample(said, len(said)):
            await _change(crowd.system, one, plan, turn)
    return said


def _visitor_of(said: Said) -> int:
    return said.visitor.number


async def _reply(system: System, said: Iterable[Said]) -> None:
    for one in said:
        assert one.visitor.post is not None
        one.texts.append(f"said {one.visitor.number}.{one.place}.")
        one.id = await system.telegram.send(ALICE, one.texts[0], reply_to=one.visitor.post)


async def _change(system: System, said: Said, plan: Plan, turn: int) -> None:
    what = plan.random.choice(["edit", "edit", "edit", "back", "delete", "nothing"])
    if said.is_deleted or what == "nothing":
        return
    if what == "delete":
        said.is_deleted = True
        await system.telegram.delete(said.id)
        return
    if what == "back" and said.texts[-1] != said.texts[0]:
        said.texts.append(said.texts[0])
        await _edit_back(system, said)
    elif what != "back":
        said.texts.append(f"{said.texts[0]} Edit {turn}.")
        await system.telegram.edit(said.id, said.texts[-1])


async def _edit_back(system: System, said: Said) -> None:
    """Edit in Matrix: this bridge takes an edit to what a message said before for a repetition of that."""
    original = (await find_event(system, said.texts[0]))["event_id"]
    now_ms = int(time.time()) * 1000
    await send_as_ghost(system, ALICE, replacement(original, said.texts[0]), sent_at_ms=now_ms)


async def _next_time_of_telegram() -> None:
    """Return once what is edited now is later than what was, by Telegram's time."""
    until_then = math.floor(time.time()) + _APART

    async def is_then() -> bool:
        return time.time() >= until_then

    await until(is_then, "Telegram's time goes on")


async def _is_in_room(system: System, said: Sequence[Said]) -> None:
    """Return once the bridge has brought all of it into the room."""

    async def is_there() -> bool:
        contents = [event["content"] for event in await list_events(system)]
        bodies = Counter((content.get("m.new_content") or content).get("body", "") for content in contents)
        # An edit that Telegram does not know of stays when the message is deleted there.
        first = {content.get("body") for content in contents if "m.new_content" not in content}
        return all(
            one.texts[0] not in first if one.is_deleted else Counter(one.texts).items() <= bodies.items()
            for one in said
        )

    await until(is_there, "what moderators said in the room", within=PATIENCE, every=0.2)


async def _is_as_said(said: Sequence[Said]) -> None:
    async def is_so() -> bool:
        return (await _compare(said))[0] == Counts()

    # What is not so is counted later.
    with contextlib.suppress(NotInTimeError):
        await until(is_so, "customers see what was said last", within=PATIENCE, every=0.2)


async def _compare(said: Sequence[Said]) -> tuple[Counts, list[str]]:
    """Hold histories and streams against what was said last; return what is wrong, and where."""
    counts, failures = Counts(), []
    visitors = {one.visitor.number: one.visitor for one in said}
    for number, visitor in visitors.items():
        wanted = [one.texts[-1] for one in said if one.visitor is visitor and not one.is_deleted]
        created = [event.data["id"] for event in visitor.events if event.type == "message.created"]
        counts += Counts(double=len(created) - len(set(created)))
        stream = [message["text"] for message in _folded(visitor)]
        for side, found in (("history", await read_history(visitor.customer)), ("stream", stream)):
            texts = [text for text in found if text.startswith("said ")]
            if texts != wanted:
                counts += _count(wanted, texts)
                failures.append(f"{side} of customer {number}: {texts}, not {wanted}")
    return counts, failures


def _count(wanted: Sequence[str], found: Sequence[str]) -> Counts:
    once = [text for text in dict.fromkeys(found) if text in wanted]
    return Counts(
        lost=len(set(wanted) - set(found)),
        double=len(found) - len(set(found)),
        out_of_order=int(once != [text for text in wanted if text in found]),
        misdelivered=len(set(found) - set(wanted)),
    )


def _folded(visitor: Visitor) -> list[Message]:
    """Return the conversation as somebody sees it who has carried out all that the stream brought."""
    messages: dict[str, Message] = {}
    for event in visitor.events:
        if event.type.startswith("message."):
            messages[event.data["id"]] = event.data
    return sorted(messages.values(), key=lambda message: int(message["seq"]))


FAULT = Fault(name="6", title="events twice and out of order", run=run)
