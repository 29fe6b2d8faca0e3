"""A real data centre in this process, and real Telethon clients of it."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telethon import TelegramClient, events
from telethon.crypto import rsa as telethon_rsa
from telethon.sessions import MemorySession, Session

from stack import conditions
from stack.telegram import team
from stack.telegram.datacentre import HOST, DataCentre, Settings
from stack.telegram.handshake import ServerKey
from stack.telegram.run_bridge import trust_only


@pytest.fixture(scope="session")
def server_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a key pair that all data centres of the run use: making one takes a second or two."""
    folder = tmp_path_factory.mktemp("key")
    ServerKey(folder / "dc.rsa")
    return folder


@pytest.fixture
def data(tmp_path: Path, server_key: Path) -> Path:
    """A data folder with nothing in it but the key pair."""
    return Path(shutil.copytree(server_key, tmp_path / "dc"))


@pytest.fixture(autouse=True)
def trusted_key(server_key: Path) -> Iterator[None]:
    """Make Telethon trust the data centre for the time of a test."""
    before = dict(telethon_rsa._server_keys)
    trust_only((server_key / "dc.rsa.pub").read_bytes())
    yield
    telethon_rsa._server_keys.clear()
    telethon_rsa._server_keys.update(before)


class Control:
    """The control API as a test uses it."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str) -> None:
        self.http = http
        self.base_url = base_url

    async def ask(self, path: str, body: Any) -> tuple[int, Any]:
        """Post whatever, right or wrong; return status and answer."""
        async with self.http.post(self.base_url + path, json=body) as response:
            return response.status, await response.json()

    async def post(self, path: str, **fields: Any) -> Any:
        """Post to the team's group; "sender" stands for the field "from", which Python reserves."""
        if "sender" in fields:
            fields["from"] = fields.pop("sender")
        status, answer = await self.ask(path, {"chat": team.GROUP_ID, **fields})
        assert status == 200, answer
        return answer

    async def get(self, path: str, **query: Any) -> Any:
        async with self.http.get(self.base_url + path, params=query) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def messages(self, chat: int = team.GROUP_ID) -> list[dict[str, Any]]:
        return (await self.get("/chat", chat=chat))["messages"]


class Running:
    """A started data centre with its control API; restart() is a new process's view of the same folder."""

    def __init__(self, data: Path, http: aiohttp.ClientSession, **settings: Any) -> None:
        self.data = data
        self._http = http
        self._settings = settings
        self.dc: DataCentre | None = None

    async def start(self) -> None:
        self.dc = DataCentre(Settings(data=self.data, **self._settings))
        await self.dc.start()
        # A restart takes the same ports, or nobody would find back.
        self._settings |= {"port": self.dc.port, "control_port": self.dc.control_port}
        self.control = Control(self._http, self.dc.control_url)

    async def stop(self) -> None:
        if self.dc is not None:
            await self.dc.stop()
            self.dc = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    @property
    def port(self) -> int:
        assert self.dc is not None
        return self.dc.port


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


StartDataCentre = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start_data_centre(data: Path, http: aiohttp.ClientSession) -> AsyncIterator[StartDataCentre]:
    """Start a data centre with settings of choice."""
    started: list[Running] = []

    async def start(**settings: Any) -> Running:
        running = Running(data, http, **settings)
        started.append(running)
        await running.start()
        return running

    yield start
    for running in started:
        await running.stop()


@pytest.fixture
async def telegram(start_data_centre: StartDataCentre) -> Running:
    """A data centre with the team's world."""
    return await start_data_centre()


@pytest.fixture
def control(telegram: Running) -> Control:
    return telegram.control


class Heard:
    """What a client was told, in order."""

    def __init__(self, client: TelegramClient) -> None:
        self.new: list[Any] = []
        self.edited: list[Any] = []
        self.deleted: list[int] = []
        client.add_event_handler(self._take_new, events.NewMessage)
        client.add_event_handler(self._take_edited, events.MessageEdited)
        client.add_event_handler(self._take_deleted, events.MessageDeleted)

    @property
    def texts(self) -> list[str]:
        return [message.message for message in self.new]

    async def _take_new(self, event: Any) -> None:
        self.new.append(event.message)

    async def _take_edited(self, event: Any) -> None:
        self.edited.append(event.message)

    async def _take_deleted(self, event: Any) -> None:
        self.deleted += event.deleted_ids


Connect = Callable[..., Awaitable[TelegramClient]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Log a client in to a data centre; it is disconnected after the test."""
    clients: list[TelegramClient] = []

    async def start(running: Running, session: Session | None = None, **options: Any) -> TelegramClient:
        session = session or MemorySession()
        session.set_dc(2, HOST, running.port)
        # Updates in order, as the bridge takes them; no sleeping through a flood wait.
        defaults = {"sequential_updates": True, "flood_sleep_threshold": 0, "retry_delay": 0.05}
        client = TelegramClient(session, 1, "0" * 32, connection_retries=200, **{**defaults, **options})
        clients.append(client)
        client.heard = Heard(client)
        await client.start(bot_token=team.BOT_TOKEN)
        return client

    yield start
    for client in clients:
        if client.is_connected():
            await client.disconnect()


@pytest.fixture
async def bot(telegram: Running, connect: Connect) -> TelegramClient:
    """The relay bot, logged in."""
    return await connect(telegram)


@pytest.fixture
async def group(bot: TelegramClient) -> Any:
    """The team's group as the bot addresses it."""
    return await bot.get_input_entity(team.GROUP_ID)


Until = Callable[[Callable[[], Any]], Awaitable[Any]]


@pytest.fixture
def until() -> Until:
    """Wait until a condition, plain or async, is true; return its value."""

    async def wait(condition: Callable[[], Any]) -> Any:
        async def probe() -> Any:
            value = condition()
            return await value if inspect.isawaitable(value) else value

        return await conditions.until(probe, "what the test waits for", every=0.005)

    return wait
