"""A typed client of the customer's HTTP API: what a widget does, without a browser."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from .conditions import PATIENCE, NotInTimeError
from .json_api import Answer, JsonApi, RefusedError

Message = dict[str, Any]
STREAM_IDLE = aiohttp.ClientTimeout(total=None, sock_read=60)


@dataclass(frozen=True, kw_only=True)
class StreamEvent:
    """One event of a stream."""

    id: int
    """0 for `session.ended`, which is no part of the conversation."""
    type: str
    data: dict[str, Any]


class EventStream:
    """An open stream; `seen` keeps every event that has come."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.seen: list[StreamEvent] = []
        self._waiting: asyncio.Queue[StreamEvent | None] = asyncio.Queue()
        # Read by a task: a reader that is cancelled by a timeout would lose the half of an event it had.
        self._reader = asyncio.create_task(self._read())

    async def next(self, *, within: float = PATIENCE) -> StreamEvent | None:
        """The next event, or None once the stream has ended."""
        return await asyncio.wait_for(self._waiting.get(), within)

    async def wait_for(
        self, predicate: Callable[[StreamEvent], bool], what: str = "an event", *, within: float = PATIENCE
    ) -> StreamEvent:
        """The first event, come already or still to come, for which the predicate holds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        looked_at = 0
        while True:
            for event in self.seen[looked_at:]:
                if predicate(event):
                    return event
            looked_at = len(self.seen)
            try:
                ended = await self.next(within=max(deadline - loop.time(), 0.001)) is None
            except asyncio.TimeoutError as late:
                raise NotInTimeError(f"not within {within:g} s on the stream: {what}") from late
            if ended and looked_at == len(self.seen):
                raise NotInTimeError(f"the stream ended before: {what}")

    async def wait_for_text(self, text: str, *, within: float = PATIENCE) -> Message:
        """The first message whose text contains this."""
        event = await self.wait_for(
            lambda event: text in event.data.get("text", ""), repr(text), within=within
        )
        return event.data

    async def close(self) -> None:
        """Goes away, as a closed page does."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        self.response.close()

    async def _read(self) -> None:
        try:
            async for event in self._events():
                self.seen.append(event)
                self._waiting.put_nowait(event)
        except aiohttp.ClientError:
            pass  # a lost connection ends the stream like a proper end: the caller sees None
        finally:
            self._waiting.put_nowait(None)

    async def _events(self) -> AsyncIterator[StreamEvent]:
        fields: dict[str, str] = {}
        while line := await self.response.content.readline():
            text = line.decode().rstrip("\r\n")
            name, _, value = text.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif not text and "data" in fields:
                number = int(fields.get("id", 0))
                yield StreamEvent(id=number, type=fields["event"], data=json.loads(fields["data"]))
                fields = {}


class Customer:
    """One customer's session."""

    def __init__(self, api: JsonApi, session: dict[str, Any]) -> None:
        self.token: str = session["token"]
        self.session: dict[str, Any] = session["session"]
        self.api = api.with_token(self.token)

    async def post(self, text: str, *, client_id: str | None = None, **more: object) -> Answer:
        """Posts a message and returns the whole answer, whatever its status."""
        body = {"client_id": client_id or str(uuid.uuid4()), "text": text, **more}
        return await self.api.request("POST", "/v1/messages", body)

    async def send(self, text: str, *, client_id: str | None = None) -> Message:
        """Posts a message that must be taken, and returns it."""
        answer = await self.post(text, client_id=client_id)
        if answer.status not in (200, 201):
            raise RefusedError(f"POST v1/messages: {answer.status} {answer.text[:500]}")
        message: Message = answer.json
        return message

    async def moderators(self) -> dict[str, str]:
        """The ids, by name, of the moderators who can be written to in private."""
        items = (await self.api.call("GET", "/v1/moderators"))["items"]
        return {item["name"]: item["id"] for item in items}

    async def send_direct(self, moderator: str, text: str) -> Message:
        """Writes to one moderator, named as the list has it, in private."""
        moderator_id = (await self.moderators())[moderator]
        answer = await self.post(text, channel="direct", moderator=moderator_id)
        if answer.status != 201:
            raise RefusedError(f"POST v1/messages: {answer.status} {answer.text[:500]}")
        message: Message = answer.json
        return message

    async def check_support(self, text: str) -> dict[str, Any]:
        """Asks whether a handle, or a message, is really the support's."""
        found: dict[str, Any] = await self.api.call("POST", "/v1/support-check", {"text": text})
        return found

    async def history(self, *, after: int | None = None, limit: int = 200) -> dict[str, Any]:
        """A page of the conversation, with `items`, `next` and `last_event_id`."""
        query = f"limit={limit}" + ("" if after is None else f"&after={after}")
        page: dict[str, Any] = await self.api.call("GET", f"/v1/messages?{query}")
        return page

    async def ask_challenge(self, address: str, *, chain_id: int = 1, **more: object) -> Answer:
        """Asks for a text that a wallet is to sign, whatever the answer's status."""
        body = {"address": address, "chain_id": chain_id, **more}
        return await self.api.request("POST", "/v1/session/wallet/challenge", body)

    async def verify(self, message: str, signature: str, **more: object) -> Answer:
        """Hands a signed text in, whatever the answer's status."""
        body = {"message": message, "signature": signature, **more}
        return await self.api.request("POST", "/v1/session/wallet/verify", body)

    async def identify(self, token: str, **more: object) -> Answer:
        """Hands the host site's word in, whatever the answer's status."""
        return await self.api.request("POST", "/v1/session/identity", {"token": token, **more})

    def go_on(self, answer: Answer) -> Customer:
        """The same browser with the token that signing in gave it."""
        if answer.status != 200:
            raise RefusedError(f"not signed in: {answer.status} {answer.text[:500]}")
        return Customer(self.api, answer.json)

    @asynccontextmanager
    async def stream(self, last_event_id: int | None = None) -> AsyncIterator[EventStream]:
        """Opens the stream; with the id of an event it starts with what came after that one."""
        headers = self.api.headers | ({} if last_event_id is None else {"Last-Event-ID": str(last_event_id)})
        async with self.api.session.get(
            f"{self.api.base_url}/v1/events", headers=headers, timeout=STREAM_IDLE
        ) as response:
            if response.status != 200:
                raise RefusedError(f"GET v1/events: {response.status} {await response.text()}")
            stream = EventStream(response)
            try:
                yield stream
            finally:
                await stream.close()


async def open_session(api: JsonApi, **body: object) -> Customer:
    """Starts as a new anonymous customer."""
    return Customer(api, await api.call("POST", "/v1/sessions", body))
