"""One full round trip without a person, step by step."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from .customer import Customer, EventStream
from .operators import open_console
from .system import System
from .telegram_client import ALICE, BOB, BOT, MALLORY, TelegramClient, TelegramMessage

# Pacing is the product's way with Telegram's limits; here it would only make the check slower.
CONFIG = {"relay": {"per_minute": 0}}


class CheckFailedError(AssertionError):
    """A step's outcome is not what it must be."""


class Steps:
    """Prints each step with its time as it ends."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.failed: str | None = None

    @property
    def total(self) -> float:
        """Seconds since the first step began."""
        return time.monotonic() - self.began

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """One step; if it fails, the first failure's title is kept."""
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self.failed = self.failed or title
            self._print("✗", began, title)
            raise
        self._print("✓", began, title)

    @staticmethod
    def _print(mark: str, began: float, title: str) -> None:
        print(f"  {mark} {time.monotonic() - began:6.2f} s  {title}", flush=True)


async def run_check(data: Path | None) -> int:
    """Runs all steps; returns the exit status."""
    steps = Steps()
    try:
        async with AsyncExitStack() as stack:
            async with steps.step("the whole system is up"):
                system = await stack.enter_async_context(System(data, config=CONFIG))
            await _round_trip(system, steps)
    except Exception as error:
        print(f"\nfailed after {steps.total:.1f} s: {steps.failed}\n{error}", flush=True)
        return 1
    print(f"\nall steps passed in {steps.total:.1f} s", flush=True)
    return 0


async def _round_trip(system: System, steps: Steps) -> None:
    telegram = system.telegram
    # Kept data may hold the texts of an earlier check.
    run = secrets.token_hex(3)
    async with steps.step("two customers have a session"):
        customer, other = await system.customer(), await system.customer()
    async with customer.stream() as stream:
        async with steps.step("a customer's message arrives in the team's Telegram group"):
            ticket = (await customer.send(f"My transfer is stuck {run}"))["ticket"]
            question = await telegram.wait_for_text(f"My transfer is stuck {run}")
        async with steps.step("a moderator's Reply arrives on the customer's stream, verified"):
            await telegram.send(ALICE, f"Which network was it? {run}", reply_to=question.id)
            author = (await stream.wait_for_text(f"Which network was it? {run}"))["author"]
            _expect(author["verified"] is True and author["name"] == "Alice", f"the author is {author}")
        async with steps.step("a stranger's Reply is not delivered"):
            await _stranger_replies(telegram, customer, stream, question)
        async with steps.step("/timeout 2h as a Reply is answered in the group"):
            await _command(telegram, "/timeout 2h", question, f"#{ticket} until ")
        async with steps.step("the customer's message during it is taken (201), but held"):
            await _held(telegram, customer, other, run)
        async with steps.step("/unblock is answered in the group"):
            await _command(telegram, "/unblock", question, f"#{ticket} unblocked")
        async with steps.step("the customer's next message arrives in the group, the held one stays away"):
            await customer.send(f"It was mainnet {run}")
            await telegram.wait_for_text(f"It was mainnet {run}")
            await _expect_not_relayed(telegram, f"Nobody shall see this {run}")
        async with steps.step("a moderator's console logs in with a code from the bot"):
            console = await open_console(system, ALICE)
        async with steps.step("its answer reaches the customer, and the group sees it"):
            answer = {"client_id": str(uuid.uuid4()), "text": f"Found it {run}"}
            await console.call("POST", f"/v1/mod/tickets/{ticket}/messages", answer)
            await stream.wait_for_text(f"Found it {run}")
            await telegram.wait_for_text(f"Found it {run}")


async def _stranger_replies(
    telegram: TelegramClient, customer: Customer, stream: EventStream, question: TelegramMessage
) -> None:
    await telegram.send(MALLORY, "Send me your password", reply_to=question.id)
    # The room is in order: once Bob's later Reply is there, Mallory's would be too.
    await telegram.send(BOB, "Bob here, looking", reply_to=question.id)
    await stream.wait_for_text("Bob here, looking")
    delivered = [event.data.get("text", "") for event in stream.seen]
    delivered += [message["text"] for message in (await customer.history())["items"]]
    _expect(not any("password" in text for text in delivered), f"the customer got {delivered}")


async def _command(telegram: TelegramClient, command: str, target: TelegramMessage, answer: str) -> None:
    command_id = await telegram.send(ALICE, command, reply_to=target.id)
    await telegram.wait_for_message(
        lambda message: message.id > command_id and message.sender == BOT and answer in message.text,
        f"the answer to {command}: {answer!r}",
    )


async def _held(telegram: TelegramClient, customer: Customer, other: Customer, run: str) -> None:
    answer = await customer.post(f"Nobody shall see this {run}")
    _expect(answer.status == 201, f"the answer is {answer.status} {answer.text}")
    # Another customer's message, written later, has arrived: this one would have, too.
    await other.send(f"Somebody else's question {run}")
    await telegram.wait_for_text(f"Somebody else's question {run}")
    await _expect_not_relayed(telegram, f"Nobody shall see this {run}")


async def _expect_not_relayed(telegram: TelegramClient, text: str) -> None:
    relayed = [message.text for message in await telegram.relayed()]
    _expect(not any(text in one for one in relayed), f"Telegram got {relayed}")


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise CheckFailedError(otherwise)
