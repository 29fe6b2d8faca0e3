"""What customers, the team and operators do in these tests, and how one sees that it is done."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from stack.conditions import until
from stack.customer import Customer, EventStream, Message, StreamEvent
from stack.instance import ghost
from stack.json_api import JsonApi, RefusedError
from stack.matrix import CLIENT, Event, MatrixUser
from stack.operators import headset
from stack.system import System
from stack.telegram_client import ALICE, BOT, GROUP, Sender, TelegramMessage

BOT_NAME = "support_relay_bot"
FORMS = ["/{}", "!{}", f"/{{}}@{BOT_NAME}"]
"""The ways to write a command's word; what follows the word comes after them."""


def written(form: str, command: str) -> str:
    """Return a command, such as `close bye`, in one of the forms."""
    word, _, rest = command.partition(" ")
    return f"{form.format(word)} {rest}".strip()


@dataclass(kw_only=True)
class Case:
    """A customer whose first message has reached the group."""

    system: System
    customer: Customer
    stream: EventStream
    post: TelegramMessage
    number: int
    """The ticket's."""

    async def reply(self, sender: Sender, text: str, **more: object) -> int:
        """Reply to the post in Telegram; return the reply's id."""
        return await self.system.telegram.send(sender, text, reply_to=self.post.id, **more)

    async def order(self, command: str, sender: Sender = ALICE, *, answer: str | None = None) -> str:
        """Reply with a command; return the bot's first text after it with the ticket, or `answer`, in it."""
        command_id = await self.reply(sender, command)
        return await text_after(self.system, command_id, answer or f"#{self.number}")

    async def ask(self, text: str | None = None) -> TelegramMessage:
        """Let the customer write once more, and return the post."""
        return await post(self.system, self.customer, text)

    async def answer(self, sender: int, text: str, **more: object) -> tuple[int, Message]:
        """Reply, and return the reply's id and the message that the customer has got."""
        reply_id = await self.reply(sender, text, **more)
        return reply_id, await self.stream.wait_for_text(text)

    async def changed(self, event_type: str, text: str) -> StreamEvent:
        """Return the first event of a type that shows a message with exactly this text."""
        return await self.stream.wait_for(
            lambda event: event.type == event_type and event.data.get("text") == text,
            f"{event_type} of {text!r}",
        )

    async def became(self, status: str, **also: object) -> StreamEvent:
        """Return the first event that shows the ticket with a status."""
        wanted = {"number": self.number, "status": status, **also}
        return await self.stream.wait_for(
            lambda event: event.type == "ticket.updated" and wanted.items() <= event.data.items(),
            f"the ticket {wanted}",
        )

    async def last_word(self) -> list[tuple[str, str | None]]:
        """Let Alice answer last; return type and text of all that the customer got before it.

        The inbox handles events in the room's order: whatever came before hers has been dealt with.
        """
        text = f"last word {uuid.uuid4()}"
        _, last = await self.answer(ALICE, text)
        events = [(event.type, event.data.get("text")) for event in self.stream.seen]
        return events[1 : events.index(("message.created", last["text"]))]


@asynccontextmanager
async def open_case(system: System, **session: object) -> AsyncIterator[Case]:
    """A new customer with an open stream and a first message in the group."""
    customer = await system.customer(**session)
    async with customer.stream() as stream:
        first = await post(system, customer)
        (message,) = (await customer.history())["items"]
        await stream.wait_for_text(message["text"])
        yield Case(system=system, customer=customer, stream=stream, post=first, number=message["ticket"])


async def post(system: System, customer: Customer, text: str | None = None) -> TelegramMessage:
    """Send a customer's message and return its post in the group."""
    text = text or f"question {uuid.uuid4()}"
    await customer.send(text)
    return await system.telegram.wait_for_text(text)


async def text_after(system: System, message_id: int, part: str) -> str:
    """Return the relay bot's first text after a message that has `part` in it."""
    found = await system.telegram.wait_for_message(
        lambda m: m.id > message_id and m.sender == BOT and part in m.text, f"{part!r} in the Telegram group"
    )
    return found.text


async def said_after(system: System, message_id: int) -> list[str]:
    """Return all that the relay bot has written after a message, once everything before now is dealt with.

    Orders are carried out in the room's order, and their answers go out in that order.
    """
    asked = await system.telegram.send(ALICE, "/whoami")
    answer = "Alice, admin: your Replies reach customers"
    await text_after(system, asked, answer)
    return [m.text for m in await system.telegram.relayed() if m.id > message_id and m.text != answer]


async def edits_of(system: System, post_id: int) -> list[str]:
    """Return the texts that the bridge has given a post by edits, in order."""
    calls = await system.telegram.api.call("GET", "/rpc?n=2000")
    edits = [call["args"] for call in calls if call["method"] == "messages.EditMessage"]
    return [edit["message"] for edit in edits if edit["id"] == post_id]


async def join_group(system: System, name: str) -> int:
    """Let somebody new join the group; return the Telegram id."""
    telegram_id = random.randrange(10**8, 10**9)
    person = {"id": telegram_id, "first_name": name, "join": [str(GROUP)]}
    await system.telegram.api.call("POST", "/user", person)
    return telegram_id


async def join_room(system: System, localpart: str) -> MatrixUser:
    """Let somebody new join the support room in Matrix."""
    user = await system.new_user(f"{localpart}-{uuid.uuid4().hex[:8]}")
    await system.admin.invite(system.room_id, user.mxid)
    await user.join(system.room_id)
    return user


async def find_event(system: System, body: str) -> Event:
    """Return the newest event of the support room whose body has this in it, and that is no edit."""

    def is_it(content: dict[str, Any]) -> bool:
        return body in content.get("body", "") and "m.new_content" not in content

    async def find() -> Event | None:
        newest_first = reversed(await system.admin.events(system.room_id))
        return next((event for event in newest_first if is_it(event["content"])), None)

    return await until(find, f"{body!r} in the room")


async def send_as_ghost(
    system: System, telegram_id: int, content: dict[str, Any], *, sent_at_ms: int | None = None
) -> None:
    """Send what only the bridge itself can send."""
    bridge = JsonApi(system.session, system.synapse.url).with_token(system.state.as_token)
    query = f"user_id={ghost(telegram_id)}" + ("" if sent_at_ms is None else f"&ts={sent_at_ms}")
    path = f"{CLIENT}/rooms/{system.room_id}/send/m.room.message/{uuid.uuid4()}?{query}"
    await bridge.call("PUT", path, content)


def replacement(event_id: str, text: str) -> dict[str, Any]:
    """Return the content of an edit."""
    return {
        "msgtype": "m.text",
        "body": f"* {text}",
        "m.new_content": {"msgtype": "m.text", "body": text},
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
    }


async def allow(system: System, name: str, room_id: str) -> int:
    """Let somebody new join the group and put them on the allow-list; return the Telegram id."""
    telegram_id = await join_group(system, name)
    assert await headset(system, f"allow {telegram_id} {name}", room_id=room_id) == (
        f"✓ {name} (moderator): {telegram_id}"
    )
    return telegram_id


async def post_until_taken(customer: Customer, text: str) -> None:
    """Send as a widget does: the same `client_id` again until the server has said that it has it."""
    client_id = str(uuid.uuid4())

    async def taken() -> bool:
        try:
            await customer.send(text, client_id=client_id)
        except (aiohttp.ClientError, RefusedError, asyncio.TimeoutError):
            return False
        return True

    await until(taken, f"{text} is taken")
