"""Two Synapses in one room, the plugin on one, a moderator on the other; the way between can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stack import archive
from stack.conditions import all_of, until
from stack.customer import Customer, open_session
from stack.json_api import JsonApi, RefusedError
from stack.matrix import MatrixUser, register
from stack.maubot_host import MaubotHost
from stack.ports import HOST, pick
from stack.synapse import Federation, Synapse
from tests.faults.homeserver import A_SYNC

ROOT = Path(__file__).parents[2]
INSTANCE = "support"
ADMIN_API = "/_synapse/admin/v1"


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

    @property
    def admin(self) -> MatrixUser:
        """Who looks at the room."""
        return self.alice

    async def customer(self) -> Customer:
        """Come as a new anonymous customer."""
        return await open_session(
            JsonApi(self.session, f"{self.maubot.url}/_matrix/maubot/plugin/{INSTANCE}")
        )

    async def wait_for_post(self, text: str) -> str:
        """Return the id of the bot's post, once both homeservers have it."""
        post = await self.alice.wait_for_event(
            self.room_id,
            lambda event: event["sender"] == self.bot and text in event["content"].get("body", ""),
            "the bot's post",
        )
        event_id: str = post["event_id"]
        await self.bob.wait_for_event(
            self.room_id,
            lambda event: event["event_id"] == event_id,
            "the post on the other homeserver",
        )
        return event_id

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
        return await self.alice.sync(self.room_id, limit=A_SYNC, since=since)


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


@contextlib.asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    """Start two homeservers and the plugin, with all they keep in this folder."""
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
