"""maubot's clock jumps while everybody writes; order stays, and what ends does so by the new time."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from eth_account import Account
from eth_account.messages import encode_defunct

from plugin.domain.jwt import AUDIENCE
from stack.conditions import all_of, until
from stack.customer import Customer
from stack.json_api import Answer
from stack.system import System
from stack.telegram_client import ALICE, BOB
from tests.faults.clock import Clock
from tests.faults.crowd import PATIENCE, Crowd, open_crowd
from tests.faults.plan import Fault, Plan, Row
from tests.systems import UNPACED
from tests.tokens import sign_token

HOUR, DAY = 3600.0, 24 * 3600.0
TOKEN_LASTS = 300.0
SECRET = "the host site and the desk know it"


@dataclass(frozen=True, kw_only=True)
class Jump:
    """By how much the clock is moved, and what is over by then."""

    name: str
    seconds: float
    ends_block: bool
    refusal: str
    """The rule by which a text to sign that was given out before is refused."""


HOUR_ON = Jump(name="an hour on", seconds=HOUR, ends_block=False, refusal="expiration_time")
DAY_ON = Jump(name="a day on", seconds=DAY, ends_block=True, refusal="expiration_time")
HOUR_BACK = Jump(name="an hour back", seconds=-HOUR, ends_block=False, refusal="issued_at")
DAY_BACK = Jump(name="a day back", seconds=-DAY, ends_block=False, refusal="issued_at")


async def run(plan: Plan) -> AsyncIterator[Row]:
    """Move the clock each way, with a block and proofs for signing in from before, and right again."""
    customers, each = plan.of((20, 20), (3, 2))
    jumps = plan.of((HOUR_ON, DAY_ON, HOUR_BACK, DAY_BACK), (HOUR_ON, DAY_ON, DAY_BACK))
    async with System(config={**UNPACED, "identity": {"user_secret": SECRET}}) as system:
        clock = Clock(system)
        for jump in jumps:
            async with open_crowd(system, customers) as crowd:
                blocked, signers = await Blocked.open(system), Signers(system, clock)
                await signers.begin()
                heal = await _jump(crowd, clock, jump, each)
                await blocked.write_again(jump)
                wrong = await signers.find_wrong(jump)
                await crowd.settle()
                yield Row(
                    case=f"the clock jumps {jump.name}",
                    load=f"{crowd.taken} messages and {customers * each} replies, before and after",
                    counts=await crowd.check(),
                    heal=heal,
                    failures=(*wrong, *await blocked.find_leaks(), *_refusals(crowd)),
                )
            # The next block begins, as any does, by the homeserver's clock: again the same as maubot's.
            clock.advance(-jump.seconds)


async def _jump(crowd: Crowd, clock: Clock, jump: Jump, each: int) -> float:
    """Move the clock in the midst; return the seconds from then until everything has arrived."""
    await crowd.burst(1)
    await crowd.find_posts()
    moved = 0.0

    async def move() -> None:
        nonlocal moved
        half = crowd.taken + len(crowd.visitors) * each // 2

        async def is_half_taken() -> bool:
            return crowd.taken >= half

        await until(is_half_taken, "half of the messages are taken", within=PATIENCE, every=0.001)
        clock.advance(jump.seconds)
        moved = time.monotonic()

    async def reply() -> None:
        for sender in itertools.islice(itertools.cycle((ALICE, BOB)), each):
            for visitor in crowd.visitors:
                await visitor.next_reply(crowd.system, sender)

    await all_of(crowd.burst(each), reply(), move())
    await crowd.arrive()
    return time.monotonic() - moved


def _refusals(crowd: Crowd) -> Sequence[str]:
    return [f"a customer got {status}" for status in sorted(set(crowd.refusals))]


@dataclass(kw_only=True)
class Blocked:
    """A customer whom Alice has blocked for two hours, by the clock as it was before it jumped."""

    system: System
    customer: Customer
    held: list[str]
    """What must never be in the group."""

    @classmethod
    async def open(cls, system: System) -> Blocked:
        """Let somebody write, be blocked, and write once more."""
        blocked = cls(system=system, customer=await system.customer(), held=[])
        text = await blocked._write()
        post = await system.telegram.wait_for_text(text)
        await system.telegram.send(ALICE, "/block 2h", reply_to=post.id)
        (message,) = (await blocked.customer.history())["items"]
        await system.telegram.wait_for_text(f"✓ #{message['ticket']} until")
        blocked.held.append(await blocked._write())
        return blocked

    async def _write(self) -> str:
        text = f"of a blocked customer {uuid.uuid4()}"
        await self.customer.send(text)
        return text

    async def write_again(self, jump: Jump) -> None:
        """Write by the new time: it comes if the block is over by then, and waits for that."""
        text = await self._write()
        if jump.ends_block:
            await self.system.telegram.wait_for_text(text)
        else:
            self.held.append(text)

    async def find_leaks(self) -> list[str]:
        """Look for what is held, once what others wrote later is in the group."""
        group = "\n".join(message.text for message in await self.system.telegram.messages())
        return [f"held, and in the group: {text}" for text in self.held if text in group]


class Signers:
    """Two who were about to sign in when the clock jumped, by a wallet and by the host site's word."""

    def __init__(self, system: System, clock: Clock) -> None:
        self._system, self._clock = system, clock

    async def begin(self) -> None:
        """Get both proofs, by the clock as it is."""
        self._by_wallet, self._by_site = await self._system.customer(), await self._system.customer()
        self._proofs = await self._prove()

    async def find_wrong(self, jump: Jump) -> list[str]:
        """Hand the proofs in, which are refused, and then new ones, which are taken."""
        old = [await hand_in() for hand_in in self._proofs]
        # As others, so that proofs that are wrongly taken don't end the sessions of the next.
        await self.begin()
        new = [await hand_in() for hand_in in self._proofs]
        refused = [(answer.status, answer.json.get("rule")) for answer in old]
        taken = [answer.status for answer in new]
        wanted = [(403, jump.refusal), (403, "exp")]
        return [
            *([] if refused == wanted else [f"proofs from before: {refused}, not {wanted}"]),
            *([] if taken == [200, 200] else [f"new proofs: {taken}"]),
        ]

    async def _prove(self) -> list[Callable[[], Awaitable[Answer]]]:
        wallet = Account.create()
        challenge = await self._by_wallet.ask_challenge(wallet.address, origin=self._system.page.origin)
        message = challenge.json["message"]
        signature = "0x" + wallet.sign_message(encode_defunct(text=message)).signature.hex()
        # The host site's clock is right as long as maubot's is.
        user, end = str(uuid.uuid4()), self._clock.now() + TOKEN_LASTS
        token = sign_token({"sub": user, "aud": AUDIENCE, "jti": user, "exp": end}, SECRET)
        return [
            lambda: self._by_wallet.verify(message, signature),
            lambda: self._by_site.identify(token),
        ]


FAULT = Fault(name="11", title="the clock jumps", run=run)
