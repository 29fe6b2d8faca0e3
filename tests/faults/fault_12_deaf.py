"""Streams whose clients don't read: each costs little, and others hardly notice."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Sequence

from plugin.domain.jwt import AUDIENCE
from stack.conditions import all_of, until
from stack.customer import Customer
from stack.system import System
from tests.faults.crowd import open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.faults.strangers import TINY, RawConnection, connect, get_memory, percentile, time_posts
from tests.systems import UNPACED
from tests.tokens import sign_token

_MOST_MEMORY = 64.0
"""KiB a stream."""

_SLOWER = 1.5
"""So many times what it is without may others' p99 be."""

_EACH = 3
"""Open streams of one token; a further one ends the oldest."""

_TOKENS = 4
"""Of one user, in as many browsers."""

_SECRET = "the host site's own secret, of more than 32 characters"

_LONG = "中" * 4000
"""12 kB on the wire."""


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Open streams that have megabytes to tell, and read nothing of them."""
    # More than the kernel takes in for both sides of a connection.
    users, backlog, posts = plan.of((84, 30, 1500), (2, 30, 20))
    customers = plan.of(20, 2)
    config = {**UNPACED, "identity": {"user_secret": _SECRET}}
    async with System(config=config) as system, open_crowd(system, customers) as crowd:
        await crowd.burst(1)
        writers = [await system.customer() for _ in range(4)]
        deaf = [await _sign_in(system, f"user {user}") for user in range(users) for _ in range(_TOKENS)]
        await _fill(deaf[::_TOKENS], backlog)
        await crowd.arrive()
        usual = percentile(await time_posts(writers, posts), 0.99)
        pid = system.maubot.pid
        assert pid is not None
        before = get_memory(pid)
        streams = [await _open(system, customer) for customer in deaf for _ in range(_EACH)]
        try:
            await _wait_for_rest(pid)
            slowed = percentile(await time_posts(writers, posts), 0.99)
            await crowd.burst(2)
            each = (get_memory(pid) - before) / 1024 / len(streams)
            began = time.monotonic()
            await crowd.settle()
        finally:
            for stream in streams:
                stream.close()
        yield Row(
            case=f"{len(streams)} streams that don't read",
            load=f"{crowd.taken} messages, {2 * posts} more",
            counts=await crowd.check(),
            heal=time.monotonic() - began,
            notes=(
                f"{each:.0f} KiB a stream",
                f"others' p99 {usual * 1000:.0f} ms, meanwhile {slowed * 1000:.0f} ms",
            ),
            failures=(
                *plan.bound("memory of a stream", each, _MOST_MEMORY, "KiB"),
                *plan.bound("others' p99", slowed / usual, _SLOWER, "times"),
            ),
        )


async def _sign_in(system: System, name: str) -> Customer:
    now = time.time()
    claims: dict[str, object] = {
        "sub": name,
        "aud": AUDIENCE,
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 60,
    }
    return await system.customer(identity={"token": sign_token(claims, _SECRET)})


async def _fill(customers: Sequence[Customer], messages: int) -> None:
    """Let each conversation have much to tell."""
    for at in range(0, len(customers), 8):
        await all_of(*(_write(customer, messages) for customer in customers[at : at + 8]))


async def _write(customer: Customer, messages: int) -> None:
    for _ in range(messages):
        await customer.send(_LONG)


async def _open(system: System, customer: Customer) -> RawConnection:
    stream = await connect(system.api_url, receive_buffer=TINY)
    await stream.request("GET", "/v1/events", f"Authorization: Bearer {customer.token}", "Last-Event-ID: 0")
    return stream


async def _wait_for_rest(pid: int) -> None:
    """Return once the plugin takes nothing more in for them: its memory grows no longer."""
    memory = [get_memory(pid)]

    async def rests() -> bool:
        memory.append(get_memory(pid))
        return len(memory) > 10 and memory[-1] - memory[-10] < 2**18

    await until(rests, "the plugin's memory grows no longer", every=0.2)


FAULT = Fault(name="12", title="streams that don't read", run=run)
