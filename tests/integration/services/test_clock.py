"""The clock is set, forward or back: nothing stands still, nothing overtakes, nothing is sent twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugin.domain.model import Moderator, ModeratorCode
from plugin.services.clock_watch import ClockWatch
from plugin.services.ports import MatrixFailed
from plugin.services.relay import TRANSACTION_IDS_HOLD

DAY = timedelta(days=1)
JUMPS = pytest.mark.parametrize("jump", [timedelta(hours=1), DAY], ids=["hour", "day"])
GONE = MatrixFailed("502")


class Watched:
    """One host with the watch over its clock."""

    def __init__(self, desk: Any, host: Any) -> None:
        self.desk, self.host = desk, host
        self.watch = self.new_watch()

    def new_watch(self) -> ClockWatch:
        """Make what a new process begins with."""
        return ClockWatch(self.host.database, self.desk.clock, "host", self._wake, self.desk.log)

    def _wake(self) -> None:
        self.host.relay.worker.wake()
        self.host.redactions.worker.wake()

    async def set_back(self, jump: timedelta) -> None:
        """Set the clock back between two looks of the watch."""
        await self.watch.worker._turn()
        self.desk.clock.advance(-jump)
        await self.watch.worker._turn()

    async def sends(self, body: str, *, after: float = 0.0) -> None:
        """Wait until a text has been posted, which must not take more than so many seconds of the clock."""
        self.desk.clock.advance(after)
        await self.host.relay.worker.stop()
        self.host.relay.worker.start()
        await self.desk.eventually(lambda: body in "\n".join(self.desk.server.bodies), f"{body} is posted")


@pytest.fixture
async def watched(desk: Any, host: Any) -> Watched:
    watched = Watched(desk, host)
    await watched.watch.worker._turn()
    return watched


@JUMPS
async def test_what_waits_to_be_joined_goes_although_it_is_of_tomorrow(
    desk, host, customer, watched, jump
) -> None:
    await desk.write(host, customer, "from tomorrow")
    desk.clock.advance(-jump)
    # No watch is needed for it.
    await watched.sends("from tomorrow")


@JUMPS
async def test_what_was_put_off_is_tried_again_after_its_pause(desk, host, customer, watched, jump) -> None:
    desk.server.failures.append(GONE)
    await desk.write(host, customer, "put off")
    desk.clock.advance(2)
    host.relay.worker.start()
    await desk.eventually(lambda: not desk.server.failures, "it has failed")
    await desk.eventually(lambda: not host.relay._under_way, "it is put off")
    await watched.set_back(jump)
    await watched.sends("put off", after=1)


@JUMPS
async def test_a_lease_that_a_dead_process_left_runs_out(desk, host, customer, watched, jump) -> None:
    """Also where the clock was set back while no process ran."""
    await desk.write(host, customer, "left behind")
    desk.clock.advance(2)
    await desk.take(host)
    await watched.watch.worker._turn()
    desk.clock.advance(-jump)
    await watched.new_watch().worker._turn()
    # It is known to the minute when the former process looked last.
    await watched.sends("left behind", after=120)


@JUMPS
async def test_the_minute_of_the_group_does_not_last_longer(desk, host, customer, watched, jump) -> None:
    desk.configure(per_minute=2, join_within=0)
    for number in range(2):
        await desk.write(host, customer, f"before {number}")
        await watched.sends(f"before {number}")
    await watched.set_back(jump)
    await desk.write(host, customer, "after")
    await watched.sends("after", after=60)


@JUMPS
async def test_a_bridge_s_silence_is_waited_out_once(desk, host, customer, watched, jump) -> None:
    async with host.database.transaction() as tx:
        await tx.batches.note_report(desk.clock.now())
    await desk.write(host, customer, "first")
    await watched.sends("first", after=2)
    await desk.write(host, customer, "second")
    await watched.set_back(jump)
    await watched.sends("second", after=desk.settings.relay.status_timeout.total_seconds())


@JUMPS
async def test_a_redaction_is_not_put_off(desk, host, customer, watched, jump) -> None:
    event_id = await desk.post(host, customer)
    async with host.database.transaction() as tx:
        await tx.redactions.add(event_id, desk.room, desk.clock.now() + timedelta(seconds=10))
    await watched.set_back(jump)
    desk.clock.advance(10)
    assert await desk.redact(host) == [event_id]


async def test_a_small_step_and_the_clock_s_own_pace_move_nothing(desk, host, customer, watched) -> None:
    async with host.database.transaction() as tx:
        await tx.redactions.add("$x", desk.room, desk.clock.now() + DAY)
    due = await desk.store.look("SELECT due_at FROM redaction")
    for step in (0.0, 5.0, -0.5, 3600.0):
        desk.clock.advance(step)
        await watched.watch.worker._turn()
    assert await desk.store.look("SELECT due_at FROM redaction") == due


async def test_what_is_under_way_is_not_taken_again_when_the_clock_jumps_ahead(desk, host, customer) -> None:
    """By then its transaction id would count for stale, and a new one would make a second post."""
    await desk.write(host, customer, "once")
    desk.clock.advance(2)
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting == 1, "it is under way")
    desk.clock.advance(TRANSACTION_IDS_HOLD + timedelta(hours=2))
    for _ in range(3):
        host.relay.worker.wake()
        await desk.eventually(lambda: not host.relay.worker._woken.is_set(), "it has looked")
    desk.server.open.set()
    await desk.eventually(desk.nothing_waits, "it is sent")
    assert desk.server.bodies == ["#1001 · anonymous\nonce"]
    assert await desk.states() == ["sent"]


@JUMPS
async def test_what_a_block_held_comes_in_order_when_it_is_released(desk, host, customer, jump) -> None:
    """Batches made before the clock was set back, and after."""
    desk.configure(join_within=0, longest=None)
    event_id = await desk.post(host, customer)
    await desk.order(host, event_id, "/block forever")
    host.relay.worker.start()
    for number in range(6):
        await desk.write(host, customer, f"held {number}")
        await desk.eventually(desk.nothing_waits, "it is held")
        if number == 2:
            desk.clock.advance(-jump)
    await desk.order(host, event_id, "/unblock")
    await desk.order(host, event_id, "/release")
    await desk.eventually(desk.nothing_waits, "all is sent")
    said = [body.split("\n")[1] for body in desk.server.bodies if "held" in body]
    assert said == [f"held {number}" for number in range(6)]


@JUMPS
async def test_a_block_holds_although_it_begins_tomorrow(desk, host, customer, jump) -> None:
    """As one does that was made before the clock was set back, or by a clock that is ahead of this one."""
    desk.configure(join_within=0)
    event_id = await desk.post(host, customer)
    await desk.order(host, event_id, "/timeout 2h")
    desk.clock.advance(-jump)
    host.relay.worker.start()
    await desk.write(host, customer, "held")
    await desk.eventually(desk.nothing_waits, "it is held")
    async with host.database.snapshot() as tx:
        assert await tx.blocks.list_blocked(desk.clock.now()) == {customer}
        assert len(await tx.blocks.list_active(desk.clock.now(), 10)) == 1
    assert (await desk.order(host, event_id, "/release")).endswith("/unblock comes first.")
    await desk.order(host, event_id, "/unblock")
    await desk.write(host, customer, "free")
    await desk.eventually(desk.nothing_waits, "it is sent")
    assert [body.split("\n")[1] for body in desk.server.bodies if "\n" in body] == ["free"]


async def test_a_code_of_tomorrow_is_refused(host, desk) -> None:
    """It would be good for a day more than it was made for."""
    now = desk.clock.now()
    code = ModeratorCode(
        code_hash="h",
        moderator_id="m1",
        created_by="@root",
        expires_at=now + timedelta(minutes=15),
        room_id=None,
    )
    async with host.database.transaction() as tx:
        await tx.moderators.add(Moderator(id="m1", name="Erin", role="moderator", telegram_id=77, mxid=None))
        await tx.access.add_code(code, now)
    for at, known in ((now - timedelta(hours=1), False), (now - DAY, False), (now + DAY, False), (now, True)):
        async with host.database.transaction() as tx:
            assert (await tx.access.use_code("h", at) is not None) == known
