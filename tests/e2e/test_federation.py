"""A moderator on another homeserver: what federation brings late reaches the customer all the same.

Two Synapses in one room. The way from the other one to ours can be cut, and only that way: so the reply
is older, by its place in the room's graph, than what the plugin has read by the time that it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import secrets
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stack import archive
from stack.conditions import all_of, until
from stack.customer import Customer, EventStream, open_session
from stack.json_api import JsonApi, RefusedError
from stack.matrix import CLIENT, MatrixUser, register
from stack.maubot_host import MaubotHost
from stack.ports import HOST, pick
from stack.synapse import Federation, Synapse

ROOT = Path(__file__).parents[2]
INSTANCE = "support"
ADMIN_API = "/_synapse/admin/v1"
MORE_THAN_A_SYNC = 120
"""Events; a sync of the inbox holds 100."""


class Link:
    """The only way to a homeserver for others: a TCP forwarder that can be cut."""

    def __init__(self, *, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._is_cut = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._connections: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connect, HOST, self._port)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        with self.cut():
            await asyncio.gather(*self._connections, return_exceptions=True)

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Ends every connection, and each new one at once, until the block ends."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()
        try:
            yield
        finally:
            self._is_cut = False

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if not self._is_cut:
                there_reader, there_writer = await asyncio.open_connection(HOST, self._target)
                await asyncio.gather(self._pass_on(reader, there_writer), self._pass_on(there_reader, writer))
        finally:
            writer.close()
            self._connections.remove(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError):
                while not self._is_cut and (chunk := await reader.read(2**16)):
                    writer.write(chunk)
                    await writer.drain()
        finally:
            self._writers.remove(writer)
            writer.close()


@dataclass(kw_only=True)
class Desk:
    """The plugin in maubot on our homeserver, whose support room has a moderator on another one."""

    session: aiohttp.ClientSession
    maubot: MaubotHost
    link: Link
    """The way from the other homeserver to ours; that from ours to the other is always open."""
    alice: MatrixUser
    """A moderator on our homeserver."""
    bob: MatrixUser
    """A moderator on the other one."""
    bot: str
    room_id: str

    @contextlib.asynccontextmanager
    async def case(self) -> AsyncIterator[Case]:
        """Opens a customer's case; both homeservers have its post."""
        api = JsonApi(self.session, f"{self.maubot.url}/_matrix/maubot/plugin/{INSTANCE}")
        customer, question = await open_session(api), f"question {uuid.uuid4()}"
        async with customer.stream() as stream:
            await customer.send(question)
            post = await self.alice.wait_for_event(
                self.room_id,
                lambda event: event["sender"] == self.bot and question in event["content"].get("body", ""),
                "the bot's post",
            )
            await self.bob.wait_for_event(
                self.room_id,
                lambda event: event["event_id"] == post["event_id"],
                "the post on the other homeserver",
            )
            yield Case(desk=self, customer=customer, stream=stream, post=post["event_id"])

    async def find_depth(self, event_id: str) -> int | None:
        """The event's depth in the room's graph, once our homeserver has it."""
        answer = await self.alice.api.request("GET", f"{ADMIN_API}/fetch_event/{quote(event_id)}")
        if answer.status == 404:
            return None
        assert answer.status == 200, answer.text
        depth: int = answer.json["event"]["depth"]
        return depth

    async def bring(self, event_id: str) -> int:
        """Has the other homeserver send what ours has missed; returns the event's depth."""
        ours = quote(server_of(self.alice.mxid))

        async def arrived() -> int | None:
            # Refused while it is being tried anyway.
            with contextlib.suppress(RefusedError):
                path = f"{ADMIN_API}/federation/destinations/{ours}/reset_connection"
                await self.bob.api.call("POST", path, {})
            return await self.find_depth(event_id)

        return await until(arrived, "federation brings the event")

    async def sync(self, since: str | None = None) -> dict[str, Any]:
        """A sync of the room's messages, as many as the inbox asks for at once."""
        room = {"rooms": [self.room_id], "timeline": {"types": ["m.room.message"], "limit": 100}}
        query = {"filter": json.dumps({"room": room}), "timeout": "0"} | ({"since": since} if since else {})
        answer: dict[str, Any] = await self.alice.api.call("GET", f"{CLIENT}/sync?{urlencode(query)}")
        return answer


@dataclass(kw_only=True)
class Case:
    """A customer, and the bot's post of the first message."""

    desk: Desk
    customer: Customer
    stream: EventStream
    post: str

    async def reply(self, moderator: MatrixUser) -> tuple[str, str]:
        """Replies to the post; returns text and event id."""
        text = f"answer {uuid.uuid4()}"
        return text, await moderator.send_text(self.desk.room_id, text, reply_to=self.post)

    async def answer(self, moderator: MatrixUser) -> tuple[str, str]:
        """Replies and returns once the customer has it: all that our homeserver had before has been read."""
        text, event_id = await self.reply(moderator)
        await self.stream.wait_for_text(text)
        return text, event_id

    async def read_past(self) -> tuple[str, str, int]:
        """Replies from the other homeserver, unheard by ours, whose users write on and are read.

        Returns the text and the id of that reply, and the depth of the last event that was read.
        """
        late, late_id = await self.reply(self.desk.bob)
        for number in range(5):
            await self.desk.alice.send_text(self.desk.room_id, f"talk {number}")
        _, last_id = await self.answer(self.desk.alice)
        depth = await self.desk.find_depth(last_id)
        assert depth is not None
        assert await self.desk.find_depth(late_id) is None, "the way was not cut"
        return late, late_id, depth

    async def texts(self) -> list[str]:
        """All that was said up to a last word of Alice's, on which history and stream must agree."""
        await self.answer(self.desk.alice)
        texts = [message["text"] for message in (await self.customer.history())["items"]]
        created = [event.data for event in self.stream.seen if event.type == "message.created"]
        assert [message["text"] for message in created] == texts
        return texts


def server_of(mxid: str) -> str:
    return mxid.partition(":")[2]


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Writes a self-signed certificate and its key; returns their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "tls.crt", folder / "tls.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """Two homeservers and the plugin, for both tests."""
    folder = tmp_path_factory.mktemp("federation")
    certificate, key = write_certificate(folder)
    ports = pick(["ours", "our_federation", "link", "other", "other_federation", "maubot"])
    secret = secrets.token_urlsafe(32)
    ours, other = (
        Synapse(
            folder / name,
            port=ports[name],
            # A name with an address and a port needs neither DNS nor .well-known.
            server_name=f"{HOST}:{ports[named]}",
            shared_secret=secret,
            federation=Federation(port=ports[federation], certificate=certificate, key=key),
        )
        for name, named, federation in [
            ("ours", "link", "our_federation"),
            ("other", "other_federation", "other_federation"),
        ]
    )
    maubot = MaubotHost(folder / "maubot", port=ports["maubot"], password=secret, secret=secret)
    link = Link(port=ports["link"], target=ports["our_federation"])
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        our_api, other_api = JsonApi(session, ours.url), JsonApi(session, other.url)
        for process in (ours, other, maubot):
            stack.push_async_callback(process.kill)
        stack.push_async_callback(link.stop)
        await link.start()
        await all_of(ours.boot(our_api), other.boot(other_api), maubot.boot(JsonApi(session, maubot.url)))
        alice, bob, bot = await all_of(
            # Admins of their homeservers only for what the tests look at and trigger.
            register(our_api, secret, "alice", admin=True),
            register(other_api, secret, "bob", admin=True),
            register(our_api, secret, "headset"),
        )
        desk = Desk(
            session=session,
            maubot=maubot,
            link=link,
            alice=MatrixUser(our_api, alice),
            bob=MatrixUser(other_api, bob),
            bot=bot.mxid,
            room_id=await MatrixUser(our_api, alice).create_room(
                preset="private_chat", invite=[bob.mxid, bot.mxid]
            ),
        )
        await join(desk)
        plugin = await maubot.upload(archive.build(ROOT, folder / "dist"))
        await maubot.put_client(bot, ours.url)
        config = {
            "support_room": desk.room_id,
            "bridge": {"bot": f"@telegrambot:{server_of(bot.mxid)}"},
            "moderators": [
                {"mxid": desk.alice.mxid, "name": "Alice", "role": "admin"},
                {"mxid": desk.bob.mxid, "name": "Bob", "role": "moderator"},
            ],
            "widget": {"allowed_origins": ["https://app.example.org"], "name": "Example support"},
        }
        await maubot.put_instance(INSTANCE, plugin=plugin, client=bot.mxid, config=config)
        yield desk


async def join(desk: Desk) -> None:
    """Bob joins, and is heard: a homeserver repeats nothing to one that it never reached with an event."""
    await desk.bob.join(desk.room_id)
    hello = await desk.bob.send_text(desk.room_id, "hello")
    await desk.bring(hello)
    ours = quote(server_of(desk.alice.mxid))

    async def reached() -> bool:
        found = await desk.bob.api.call("GET", f"{ADMIN_API}/federation/destinations/{ours}")
        return bool(found["last_successful_stream_ordering"])

    await until(reached, "the other homeserver knows that ours has the event")


async def test_a_reply_that_federation_brings_late_reaches_the_customer(desk: Desk) -> None:
    async with desk.case() as case:
        with desk.link.cut():
            late, late_id, read = await case.read_past()
        assert await desk.bring(late_id) < read, "the event was not late"
        await case.stream.wait_for_text(late)
        assert (await case.texts()).count(late) == 1


async def test_a_late_reply_in_a_gap_reaches_the_customer(desk: Desk) -> None:
    async with desk.case() as case:
        with desk.link.cut():
            late, late_id, read = await case.read_past()
        since = (await desk.sync())["next_batch"]
        await desk.maubot.stop_instance(INSTANCE)
        try:
            assert await desk.bring(late_id) < read, "the event was not late"
            for _ in range(0, MORE_THAN_A_SYNC, 10):
                await all_of(*(desk.alice.send_text(desk.room_id, "talk") for _ in range(10)))
            timeline = (await desk.sync(since))["rooms"]["join"][desk.room_id]["timeline"]
            assert timeline["limited"], "there was no gap"
            assert late_id not in [event["event_id"] for event in timeline["events"]]
        finally:
            await desk.maubot.start_instance(INSTANCE)
    async with case.customer.stream(last_event_id=0) as case.stream:
        await case.stream.wait_for_text(late)
        assert (await case.texts()).count(late) == 1
