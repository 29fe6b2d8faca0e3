"""Federation brings a moderator's reply late; it reaches the customer all the same.

The way from the other homeserver to ours is cut, and only that way: so the reply is older, by its place in
the room's graph, than what the plugin has read by the time that it comes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.conditions import all_of, until
from stack.matrix import MatrixUser
from tests.faults.checker import Evidence, Seen, Token, count, message_token, reply_token
from tests.faults.crowd import Visitor, list_posts, open_streams, read_history
from tests.faults.homeserver import MORE_THAN_A_SYNC
from tests.faults.plan import Counts, Fault, Plan, Row
from tests.faults.two_homeservers import INSTANCE, Desk, open_desk


@dataclass(kw_only=True)
class Case:
    """A customer, and the bot's post of the first message."""

    desk: Desk
    visitor: Visitor
    post: str
    said: int = 0
    """Replies so far, come or not."""

    async def reply(self, moderator: MatrixUser) -> tuple[Token, str]:
        """Reply to the post; return the token and the event's id."""
        token = Token(crowd=self.visitor.crowd, customer=self.visitor.number, number=self.said)
        self.said += 1
        return token, await moderator.send_text(self.desk.room_id, reply_token(token), reply_to=self.post)

    async def answer(self) -> str:
        """Let Alice reply, and return the event's id once the customer has it: all before has been read."""
        token, event_id = await self.reply(self.desk.alice)
        await self.has_come(token)
        return event_id

    async def has_come(self, token: Token) -> None:
        """Return once the customer has a reply, which is then the newest one."""
        self.visitor.replies.append(token)

        async def is_there() -> bool:
            return reply_token(token) in self.visitor.texts

        await until(is_there, f"{token} on the stream")


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Bring replies late, to a plugin that reads on and to one that is away and finds a gap."""
    customers, rounds = plan.of((3, 5), (1, 1))
    with tempfile.TemporaryDirectory(prefix="headset-") as folder:
        async with open_desk(Path(folder)) as desk:
            for crowd, is_gap in enumerate((False, True)):
                visitors = [Visitor(crowd, number, await desk.customer()) for number in range(customers)]
                async with open_streams(visitors):
                    cases = [await _open(desk, visitor) for visitor in visitors]
                    heal = max([await _be_late(desk, cases, is_gap=is_gap) for _ in range(rounds)])
                    for case in cases:
                        await case.answer()
                    yield Row(
                        case="late, in a gap of the sync" if is_gap else "late, past what was read",
                        load=f"{rounds} times a late reply to {customers} customers",
                        counts=await _check(desk, visitors),
                        heal=heal,
                    )


async def _open(desk: Desk, visitor: Visitor) -> Case:
    token = await visitor.write()
    return Case(desk=desk, visitor=visitor, post=await desk.wait_for_post(message_token(token)))


async def _be_late(desk: Desk, cases: Sequence[Case], *, is_gap: bool) -> float:
    """Return the seconds until the customers had what came late."""
    with desk.link.cut():
        late = [(case, *await case.reply(desk.bob)) for case in cases]
        for number in range(5):
            await desk.alice.send_text(desk.room_id, f"talk {number}")
        read = [await desk.find_depth(await case.answer()) for case in cases]
        for _, _, event_id in late:
            assert await desk.find_depth(event_id) is None, "the way was not cut"
    events = [event_id for _, _, event_id in late]
    depth = max(depth for depth in read if depth is not None)
    if is_gap:
        await _bring_into_gap(desk, events, depth)
    else:
        await _bring(desk, events, depth)
    began = time.monotonic()
    for case, token, _ in late:
        await case.has_come(token)
    return time.monotonic() - began


async def _bring(desk: Desk, events: Sequence[str], read: int) -> None:
    for event_id in events:
        assert await desk.bring(event_id) < read, "the event was not late"


async def _bring_into_gap(desk: Desk, events: Sequence[str], read: int) -> None:
    """Bring the events while the plugin is away, before more of others than a sync holds."""
    since = (await desk.sync())["next_batch"]
    await desk.maubot.stop_instance(INSTANCE)
    try:
        await _bring(desk, events, read)
        for _ in range(0, MORE_THAN_A_SYNC, 10):
            await all_of(*(desk.alice.send_text(desk.room_id, "talk") for _ in range(10)))
        timeline = (await desk.sync(since))["rooms"]["join"][desk.room_id]["timeline"]
        assert timeline["limited"], "there was no gap"
        assert not {event["event_id"] for event in timeline["events"]}.intersection(events)
    finally:
        await desk.maubot.start_instance(INSTANCE)


async def _check(desk: Desk, visitors: Sequence[Visitor]) -> Counts:
    evidence = Evidence(
        telegram=None,
        room=await list_posts(desk),
        customers=[Seen(stream=one.texts, history=await read_history(one.customer)) for one in visitors],
    )
    return count([visitor.written for visitor in visitors], evidence)


FAULT = Fault(name="17", title="what federation brings late", run=run)
