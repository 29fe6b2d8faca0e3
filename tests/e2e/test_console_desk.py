"""Blocks, what they hold, and private conversations at the console, on the real system."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from stack.conditions import until
from stack.customer import STREAM_IDLE, EventStream
from stack.json_api import JsonApi
from stack.operators import make_code
from stack.system import System
from stack.telegram_client import ALICE, BOB
from tests.e2e.acts import open_case, post
from tests.e2e.test_direct import assert_group_knows_nothing

DIRECT, HELD, BLOCKS = "/v1/mod/direct", "/v1/mod/held", "/v1/mod/blocks"


@dataclass(frozen=True, kw_only=True)
class Console:
    """One moderator's."""

    api: JsonApi
    name: str

    async def get(self, path: str) -> Any:
        return await self.api.call("GET", path)

    async def post(self, path: str, body: object = None) -> Any:
        return await self.api.call("POST", path, body)

    async def held_with(self, text: str) -> dict[str, Any]:
        """Return what is held and has this in it, once it is."""

        async def find() -> dict[str, Any] | None:
            items = (await self.get(HELD))["items"]
            return next((item for item in items if text in item["text"]), None)

        return await until(find, f"{text!r} is held")

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[EventStream]:
        """Open the stream of what happens from now on."""
        url = f"{self.api.base_url}/v1/mod/events"
        async with self.api.session.get(url, headers=self.api.headers, timeout=STREAM_IDLE) as response:
            assert response.status == 200
            stream = EventStream(response)
            try:
                yield stream
            finally:
                await stream.close()


async def open_console(system: System, telegram_id: int) -> Console:
    """Sign a moderator in with a code that an operator has asked the bot for."""
    made = await system.api.call("POST", "/v1/mod/token", {"code": await make_code(system, telegram_id)})
    return Console(api=system.api.with_token(made["token"]), name=made["moderator"]["name"])


async def texts_in_group(system: System) -> list[str]:
    return [message.text for message in await system.telegram.messages()]


async def test_a_timeout_holds_until_somebody_releases_it(system: System) -> None:
    alice, other = await open_console(system, ALICE), await system.customer()
    under, later, after = (f"{word} {uuid.uuid4()}" for word in ("under", "later", "after"))
    async with open_case(system) as case:
        customer_id = case.customer.session["customer"]["id"]
        body = {"customer": customer_id, "kind": "timeout", "duration": "1h", "reason": "for a test"}
        made = await alice.post(BLOCKS, body)
        said = await system.telegram.wait_for_text(f"✓ #{case.number} until")
        assert said.text.endswith("· Alice (console)")
        assert "for a test" not in said.text

        sent = await case.customer.send(under)
        held = await alice.held_with(under)
        # Only now: what waits together is held, and released, as one.
        await case.customer.send(later)
        await case.stream.wait_for_text(later)
        await alice.held_with(later)
        assert (held["kind"], held["customer"]["id"], held["ticket"]) == ("message", customer_id, case.number)
        # Whoever is not blocked is answered, and shown, the same; what they wrote came after and is there.
        await post(system, other)
        seen = [await customer.send(f"same {uuid.uuid4()}") for customer in (other, case.customer)]
        assert [sorted(message) for message in seen] == [sorted(sent)] * 2
        pages = [await customer.history() for customer in (other, case.customer)]
        assert [sorted(page) for page in pages] == [sorted(pages[0])] * 2
        assert {m["text"] for m in pages[1]["items"]} >= {under, later}
        assert not any(under in text for text in await texts_in_group(system))

        # One is let go while the block runs; the other waits on.
        await alice.post(f"{HELD}/{held['id']}/release")
        await system.telegram.wait_for_text(under)
        await alice.api.call("DELETE", f"{BLOCKS}/{made['id']}")
        await system.telegram.wait_for_text(f"✓ #{case.number} unblocked")
        await post(system, case.customer, after)
        assert not any(later in text for text in await texts_in_group(system))
        assert (await alice.held_with(later))["can_release"]

        await alice.post(f"{HELD}/{(await alice.held_with(later))['id']}/release")
        await system.telegram.wait_for_text(later)
        texts = await texts_in_group(system)
        assert [sum(text in one for one in texts) for text in (under, later, after)] == [1, 1, 1]


async def test_a_moderator_with_nothing_but_a_console_speaks_in_private(system: System) -> None:
    alice, bob = await open_console(system, ALICE), await open_console(system, BOB)
    question, answer = f"private {uuid.uuid4()}", f"answer {uuid.uuid4()}"
    note, asks = f"note {uuid.uuid4()}", f"{uuid.uuid4()} send me your seed phrase"
    customer = await system.customer()
    customer_id = customer.session["customer"]["id"]
    path = f"{DIRECT}/{customer_id}"
    async with customer.stream() as stream, alice.stream() as told, bob.stream() as not_told:
        await customer.send_direct("Alice", question)
        (mine,) = (await alice.get(f"{DIRECT}?limit=1"))["items"]
        assert (mine["customer"]["id"], mine["last"]["text"]) == (customer_id, question)

        async def delivered() -> bool:
            (message,) = (await alice.get(f"{path}/messages"))["items"]
            return bool(message["delivery"] == "delivered")

        await until(delivered, "the private message counts as delivered")
        await alice.post(f"{path}/messages", {"client_id": str(uuid.uuid4()), "text": answer})
        message = await stream.wait_for_text(answer)
        assert (message["channel"], message["author"]["name"]) == ("direct", "Alice")
        await alice.post(f"{path}/notes", {"client_id": str(uuid.uuid4()), "text": note})
        asked = await alice.post(f"{path}/messages", {"client_id": str(uuid.uuid4()), "text": asks})
        await told.wait_for(lambda event: event.type == "reply.held", "Alice hears of her own")

        # Another moderator finds nothing of it anywhere.
        assert customer_id not in str(await bob.get(DIRECT))
        assert asked["held"]["id"] not in str(await bob.get(HELD))
        assert customer_id not in str(await bob.get("/v1/mod/audit?limit=200"))
        assert customer_id in str(await alice.get("/v1/mod/audit?limit=200"))
        for ending in ("messages", "notes"):
            assert (await bob.api.request("GET", f"{path}/{ending}")).status == 404
        for words in (question, answer, note, asks):
            found = await bob.post("/v1/mod/tickets/search", {"q": words.split()[-1]})
            assert customer_id not in str(found["items"])
        counted = (await bob.get("/v1/mod/stats"))["held"]
        assert counted == len((await bob.get(f"{HELD}?limit=200"))["items"])
        await alice.post(f"{HELD}/{asked['held']['id']}/drop")
        # What he does hear of came after it.
        late = await system.customer()
        text = f"late {uuid.uuid4()}"
        await post(system, late, text)
        await not_told.wait_for(lambda event: text in str(event.data), "what is for everybody")
        assert customer_id not in str([event.data for event in not_told.seen])
    await assert_group_knows_nothing(system, question, answer, note, asks)
    history = str(await customer.history())
    assert answer in history
    assert note not in history
    assert asks not in history


async def test_what_is_said_at_the_console_stands_in_the_private_room(system: System) -> None:
    bob, customer = await open_console(system, BOB), await system.customer()
    question, answer = f"private {uuid.uuid4()}", f"answer {uuid.uuid4()}"
    await customer.send_direct("Bob", question)
    room = await system.bob.wait_for_room_with(question)
    path = f"{DIRECT}/{customer.session['customer']['id']}/messages"
    await bob.post(path, {"client_id": str(uuid.uuid4()), "text": answer})
    copy = await system.bob.wait_for_event(
        room, lambda event: answer in event["content"].get("body", ""), "the copy"
    )
    assert copy["content"] | {"msgtype": "m.notice"} == copy["content"]
    assert copy["content"]["body"] == f"You, in the console: {answer}"
    assert copy["sender"] == system.support_bot.mxid
    await assert_group_knows_nothing(system, question, answer)
