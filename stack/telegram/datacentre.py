"""Wires the data centre together, starts it and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from .control import MAX_BODY, Control, answer_bad_fields, refuse_other_origins
from .conversation import Conversation
from .delivery import Delivery
from .handshake import ServerKey
from .journal import Journal
from .live import Link, LivePage
from .media import Media
from .methods.account import AccountMethods
from .methods.chats import ChatMethods
from .methods.files import FileMethods
from .methods.messages import MessageMethods
from .people import People
from .rpc import RpcServer, collect_methods
from .store import Store
from .team import create_team
from .transport import Connection
from .updates import UpdateLog
from .views import Views
from .world import World

HOST = "127.0.0.1"
KEY_FILE, WORLD_FILE = "dc.rsa", "world.db"
STREAM_END_SECONDS = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to start; port 0 takes a free one."""

    data: Path
    port: int = 0
    control_port: int = 0
    privacy: bool = False
    links: Sequence[Link] = ()


class DataCentre:
    """The running system; host and ports are known once it has started."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        settings.data.mkdir(parents=True, exist_ok=True)
        self.server_key = ServerKey(settings.data / KEY_FILE)
        self._store = Store(settings.data / WORLD_FILE)
        self._world = World(self._store)
        self._prepare_world()
        self._journal = Journal(self._store)
        self._views = Views(self._world)
        self._delivery = Delivery(self._store, self._views)
        self._connections: set[asyncio.Task[None]] = set()
        self._rpc: RpcServer | None = None
        self._server: asyncio.Server | None = None
        self._runner: web.AppRunner | None = None
        self.port = self.control_port = 0

    @property
    def control_url(self) -> str:
        return f"http://{HOST}:{self.control_port}"

    async def start(self) -> None:
        """Listen on both ports."""
        self._server = await asyncio.start_server(self._serve_client, HOST, self._settings.port)
        self.port = self._server.sockets[0].getsockname()[1]
        media, updates = Media(self._store), UpdateLog(self._world)
        conversation = Conversation(self._world, updates, self._journal)
        self._rpc = self._make_rpc(conversation, updates, media)
        people = People(self._world, conversation, updates, media, self._delivery)
        self._runner = web.AppRunner(
            self._make_app(people, self._rpc), access_log=None, shutdown_timeout=STREAM_END_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._settings.control_port)
        await site.start()
        self.control_port = self._runner.addresses[0][1]
        log.info("data centre on port %d, control on %s", self.port, self.control_url)

    async def stop(self) -> None:
        """End all connections and close the store."""
        self._journal.close()
        if self._server is not None:
            self._server.close()
        self._delivery.drop_all()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        self._store.close()

    def _prepare_world(self) -> None:
        if self._world.is_empty:
            create_team(self._world)
        self._world.bot.privacy = self._settings.privacy
        self._world.save_user(self._world.bot)
        self._world.commit()

    def _make_rpc(self, conversation: Conversation, updates: UpdateLog, media: Media) -> RpcServer:
        world, views = self._world, self._views
        files = FileMethods(self._store, media)
        account = AccountMethods(world, views, updates, HOST, self.port)
        messages = MessageMethods(world, views, conversation, files)
        return RpcServer(collect_methods([account, ChatMethods(world, views), messages, files]))

    def _make_app(self, people: People, rpc: RpcServer) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[refuse_other_origins, answer_bad_fields])
        Control(self._world, people, self._delivery, rpc).add_routes(app)
        LivePage(self._world, self._journal, self._settings.links).add_routes(app)
        return app

    async def _serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._rpc is not None, "clients come once it has started"
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await Connection(reader, writer, self.server_key, self._delivery, self._rpc).serve()
        finally:
            self._connections.discard(task)
