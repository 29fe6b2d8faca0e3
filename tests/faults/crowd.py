"""Customers who write as widgets do, and moderators who reply to them, through any fault."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import quote

import aiohttp

from plugin.matrix.events import MARK_KEY
from stack.conditions import NotInTimeError, all_of, until
from stack.customer import Customer, StreamEvent, open_session
from stack.json_api import JsonApi, RefusedError
from stack.matrix import CLIENT, Event, MatrixUser
from stack.system import System
from stack.telegram_client import ALICE, Sender
from tests.faults.checker import (
    Evidence,
    RoomPost,
    Seen,
    Token,
    Written,
    count,
    message_token,
    messages_in,
    replies_in,
    reply_token,
)
from tests.faults.plan import Counts

PATIENCE = 180.0
"""Seconds that everything may take to arrive once a fault is over; what has not come then is lost."""

RETRY = 0.1
"""Seconds after which a widget here tries again; a real one takes longer."""

ONE_REQUEST = 10.0
"""Seconds that the answer to a post may take."""
_CONNECTION_LOST = (aiohttp.ClientError, asyncio.TimeoutError, RefusedError, OSError)
_crowds = itertools.count(1)


class Visitor:
    """One customer: each message goes out until it is taken, and the stream is opened again until closed."""

    def __init__(self, crowd: int, number: int, customer: Customer) -> None:
        self.crowd, self.number, self.customer = crowd, number, customer
        self.events: list[StreamEvent] = []
        """All that has come, over all connections."""
        self.replies: list[Token] = []
        self.post: int | None = None
        """The id of the newest post in Telegram that replies may go to."""
        self.connections = 0
        self.refusals: list[int] = []
        """The status of each answer that took no message; 0 for a lost connection."""
        self.patience: Callable[[], float] = lambda: ONE_REQUEST
        """Seconds after which a post that is not answered is given up, and its connection with it."""
        self.repeated = 0
        """So many messages the server had when they were sent again."""
        self._taken: dict[Token, int] = {}
        self._tickets: set[int] = set()
        self._overtaken = 0
        self._numbers = itertools.count()

    @property
    def taken(self) -> list[Token]:
        """The messages that the server has said it has, by `seq`."""
        return sorted(self._taken, key=self._taken.__getitem__)

    @property
    def written(self) -> Written:
        """What must be found of this customer."""
        return Written(
            messages=self.taken,
            replies=self.replies,
            tickets=self._tickets,
            overtaken=self._overtaken,
        )

    @property
    def texts(self) -> list[str]:
        """The texts that the stream has brought, in the order they came."""
        return [event.data["text"] for event in self.events if event.type == "message.created"]

    async def write(self, more: str = "") -> Token:
        """Send the next message, again until it is taken; `more` stands after its token."""
        token = Token(crowd=self.crowd, customer=self.number, number=next(self._numbers))
        client_id, newest = str(uuid.uuid4()), max(self._taken.values(), default=0)
        while not await self._try(token, client_id, more):
            await asyncio.sleep(RETRY)
        self._overtaken += self._taken[token] <= newest
        return token

    async def _try(self, token: Token, client_id: str, more: str) -> bool:
        try:
            answer = await asyncio.wait_for(
                self.customer.post(f"{message_token(token)} {more}".strip(), client_id=client_id),
                self.patience(),
            )
        except _CONNECTION_LOST:
            self.refusals.append(0)
            return False
        if answer.status in (200, 201):
            self.repeated += answer.status == 200
            self._taken[token] = answer.json["seq"]
            self._tickets.add(answer.json["ticket"])
            return True
        self.refusals.append(answer.status)
        # 404: maubot is there, and has not started the instance yet.
        if answer.status not in (404, 429) and answer.status < 500:
            raise RefusedError(f"POST v1/messages: {answer.status} {answer.text[:500]}")
        return False

    async def next_reply(self, system: System, sender: Sender = ALICE) -> Token:
        """Let a moderator reply in Telegram to the customer's newest known post."""
        assert self.post is not None, "find_posts() first"
        token = Token(crowd=self.crowd, customer=self.number, number=len(self.replies))
        # Noted first: while it is under way the stream may already bring it.
        self.replies.append(token)
        await system.telegram.send(sender, reply_token(token), reply_to=self.post)
        return token

    async def keep_stream(self) -> None:
        """Read the stream for ever, from where the last connection ended."""
        while True:
            try:
                async with self.customer.stream(last_event_id=self._last_event_id()) as stream:
                    self.connections += 1
                    # Without a word for this long, a widget too takes the connection for lost.
                    while event := await stream.next(within=60):
                        self.events.append(event)
            except _CONNECTION_LOST:
                pass
            await asyncio.sleep(RETRY)

    def _last_event_id(self) -> int:
        return max((event.id for event in self.events), default=0)


class Crowd:
    """All customers of one case, and what is known of them."""

    def __init__(self, system: System, visitors: list[Visitor], *, bridged: bool) -> None:
        self.system, self.visitors, self._bridged = system, visitors, bridged

    @property
    def taken(self) -> int:
        """How many messages the server has said it has."""
        return sum(len(visitor.taken) for visitor in self.visitors)

    @property
    def refusals(self) -> list[int]:
        """The status of each answer that took no message; 0 for a lost connection."""
        return [status for visitor in self.visitors for status in visitor.refusals]

    async def burst(self, each: int, more: str = "") -> None:
        """Let every customer write `each` messages, one after the other, all customers at once."""

        async def write(visitor: Visitor) -> None:
            for _ in range(each):
                await visitor.write(more)

        await all_of(*(write(visitor) for visitor in self.visitors))

    async def find_posts(self, visitors: Sequence[Visitor] | None = None) -> None:
        """Find these customers' newest posts in the group, or everybody's, so that they can be replied to."""

        async def find() -> bool:
            for message in await self.system.telegram.relayed():
                for token in messages_in(message.text):
                    if token.crowd == self.visitors[0].crowd:
                        self.visitors[token.customer].post = message.id
            return all(visitor.post for visitor in (self.visitors if visitors is None else visitors))

        await until(find, "a post of every customer in the group", within=PATIENCE, every=0.2)

    async def reach_group(self, *, within: float = PATIENCE) -> set[Token]:
        """Wait for every message to be in the group, whatever customers have got; return what is not."""

        async def is_there() -> bool:
            return not await self.missing()

        with contextlib.suppress(NotInTimeError):
            await until(is_there, "every message in the group", within=within, every=0.2)
        return await self.missing()

    async def missing(self) -> set[Token]:
        """Return the messages that are not in the group."""
        there = {token for text in await self._team_side() for token in messages_in(text)}
        return {token for visitor in self.visitors for token in visitor.taken} - there

    async def replies_in_room(self) -> None:
        """Return once the bridge has brought into the room what the moderators have said so far."""
        missing = {token for visitor in self.visitors for token in visitor.replies}
        newest: str | None = None

        async def are_there() -> bool:
            nonlocal newest
            # Only what is new: reading all of a long room again and again keeps the homeserver busy.
            events = await list_events(self.system, after=newest)
            newest = events[-1]["event_id"] if events else newest
            missing.difference_update(
                t for event in events for t in replies_in(event["content"].get("body", ""))
            )
            return not missing

        await until(are_there, "the replies in the room", within=PATIENCE, every=0.2)

    async def settle(self, *, excused: Collection[Token] = (), within: float = PATIENCE) -> None:
        """Return once everything has arrived, or nothing more can be hoped for.

        Then everybody writes once more, and is replied to: what was to come twice has come before that.
        """
        await self.arrive(excused, within)
        for visitor in self.visitors:
            await visitor.write()
        if self._bridged:
            await self.find_posts()
            for visitor in self.visitors:
                await visitor.next_reply(self.system)
        await self.arrive(excused, within)

    async def arrive(self, excused: Collection[Token] = (), within: float = PATIENCE) -> None:
        """Return once everything has arrived, or nothing more can be hoped for."""
        # The checker counts what is missing.
        with contextlib.suppress(NotInTimeError):
            await until(lambda: self._has_arrived(excused), "everything", within=within, every=0.2)

    async def _has_arrived(self, excused: Collection[Token]) -> bool:
        if any(not self._has_got(visitor) for visitor in self.visitors):
            return False
        return (await self.missing()).issubset(excused)

    @staticmethod
    def _has_got(visitor: Visitor) -> bool:
        texts = visitor.texts
        messages = {token for text in texts for token in messages_in(text)}
        replies = {token for text in texts for token in replies_in(text)}
        return messages.issuperset(visitor.taken) and replies.issuperset(visitor.replies)

    async def _team_side(self) -> list[str]:
        if self._bridged:
            return [message.text for message in await self.system.telegram.relayed()]
        return [post.text for post in await list_posts(self.system)]

    async def check(self, *, excused: Collection[Token] = ()) -> Counts:
        """Count what is wrong, once the crowd has settled."""
        telegram = await self._team_side() if self._bridged else None
        evidence = Evidence(
            telegram=telegram,
            room=await list_posts(self.system),
            customers=[
                Seen(stream=visitor.texts, history=await read_history(visitor.customer))
                for visitor in self.visitors
            ],
        )
        return count([visitor.written for visitor in self.visitors], evidence, excused=excused)


@asynccontextmanager
async def open_crowd(
    system: System, customers: int, *, bridged: bool = True, api_url: str | None = None
) -> AsyncIterator[Crowd]:
    """New customers with open streams; `bridged` is False where the bridge does not run.

    `api_url`: the way that they take to the plugin, where it is not the straight one.
    """
    api = system.api if api_url is None else JsonApi(system.session, api_url)
    crowd = next(_crowds)
    visitors = [Visitor(crowd, number, await open_session(api)) for number in range(customers)]
    async with open_streams(visitors):
        yield Crowd(system, visitors, bridged=bridged)


@asynccontextmanager
async def open_streams(visitors: Sequence[Visitor]) -> AsyncIterator[None]:
    """Keep everybody's stream open."""
    streams = [asyncio.create_task(visitor.keep_stream()) for visitor in visitors]
    try:
        yield
    finally:
        for stream in streams:
            stream.cancel()
        # An error in a reader is no end of a test, but the test's.
        failed = [
            error
            for error in await asyncio.gather(*streams, return_exceptions=True)
            if not isinstance(error, asyncio.CancelledError)
        ]
        assert not failed, failed


class Watched(Protocol):
    """Somebody who can look at the support room."""

    @property
    def admin(self) -> MatrixUser: ...

    @property
    def room_id(self) -> str: ...


async def list_posts(system: Watched) -> list[RoomPost]:
    """Return all posts of the bot in the support room, oldest first; edits are none."""
    return [
        RoomPost(batch=mark["batch"], attempt=mark["attempt"], part=mark["part"], text=content["body"])
        for content in [event["content"] for event in await list_events(system)]
        if (mark := content.get(MARK_KEY)) and "m.new_content" not in content
    ]


async def list_events(system: Watched, *, after: str | None = None) -> list[Event]:
    """Return the messages of the support room, oldest first: all, or those after an event."""
    newest_first: list[Event] = []
    path = f"{CLIENT}/rooms/{quote(system.room_id)}/messages?dir=b&limit={1000 if after is None else 50}"
    path += "&filter=" + quote('{"types":["m.room.message"]}')
    start = ""
    while True:
        page = await system.admin.api.call("GET", path + start)
        for event in page["chunk"]:
            if event["event_id"] == after:
                return newest_first[::-1]
            newest_first.append(event)
        if "end" not in page:
            return newest_first[::-1]
        start = f"&from={quote(page['end'])}"


async def read_history(customer: Customer) -> list[str]:
    """Return the texts of a whole conversation."""
    texts: list[str] = []
    after: int | None = 0
    while after is not None:
        page = await customer.history(after=after)
        texts += [item["text"] for item in page["items"]]
        after = page["next"] and int(page["next"])
    return texts
