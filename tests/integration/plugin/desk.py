"""The real plugin in this process: its database, its web app on a test server, and no homeserver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from maubot.loader import PluginMeta
from maubot.matrix import MaubotMatrixClient
from maubot.plugin_server import PluginWebApp
from maubot.server import AccessLogger
from maubot.standalone.loader import FileSystemLoader
from mautrix.api import HTTPAPI
from mautrix.util.async_db import Database
from mautrix.util.config import RecursiveDict
from mautrix.util.logging import TraceLogger
from ruamel.yaml import YAML

from plugin import Headset

ROOT = Path(__file__).parents[3]
ORIGIN = "https://app.example.org"
OWN_ORIGIN = "https://desk.example.org"
NOBODY = "http://127.0.0.1:1"
"""A homeserver that is never there."""

CONFIG: Mapping[str, Any] = {
    "support_room": "!room:example.org",
    "bridge": {"bot": "@telegrambot:example.org"},
    "moderators": [{"telegram_id": 5550001, "name": "Alice", "role": "admin"}],
    "widget": {"allowed_origins": [ORIGIN], "name": "Example support"},
}


@dataclass(kw_only=True)
class Desk:
    """A running plugin and a client of its web app."""

    plugin: Headset
    http: TestClient[web.Request, web.Application]
    config: dict[str, Any]
    """What the operator has written; `reload` lets the plugin read it."""
    saved: list[Any]
    """What the plugin has written back, newest last."""
    database: Database

    async def reload(self) -> None:
        """Tell the plugin that its configuration was edited, as maubot does."""
        await self.plugin.on_external_config_update()

    async def open_session(self) -> dict[str, str]:
        """Open a session and return the headers that speak for it."""
        async with self.http.post("/v1/sessions", json={}) as answer:
            assert answer.status == 201
            return {"Authorization": f"Bearer {(await answer.json())['token']}"}


@asynccontextmanager
async def opened(
    folder: Path, config: dict[str, Any], database: Database | None = None
) -> AsyncIterator[Desk]:
    """Start the plugin as maubot does, with its real base configuration and loader.

    The database is a file in the folder, or another one that was started and is stopped in the end.
    """
    logging.setLoggerClass(TraceLogger)
    yaml = YAML()
    saved: list[Any] = []
    headset: Any = Headset  # what the tests give it is made more simply than its types say
    meta = PluginMeta.deserialize(yaml.load(ROOT / "maubot.yaml"))
    base = RecursiveDict(yaml.load(ROOT / "base-config.yaml"))
    if database is None:
        database = Database.create(
            f"sqlite:{folder}/desk.db",
            upgrade_table=Headset.get_db_upgrade_table(),
            log=logging.getLogger("test.db"),
        )
        await database.start()
    webapp: PluginWebApp = cast("Any", PluginWebApp)()

    async def handle(request: web.Request) -> web.StreamResponse:
        return await webapp.handle(request.clone(rel_url=request.rel_url))

    app = web.Application(client_max_size=100 * 2**20)
    app.router.add_route("*", "/{path:[\\s\\S]*}", handle)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.stop)
        session = await stack.enter_async_context(ClientSession())
        plugin = headset(
            client=MaubotMatrixClient(
                mxid="@headset:example.org",
                device_id="TEST",
                api=HTTPAPI(base_url=NOBODY, client_session=session),
            ),
            loop=asyncio.get_running_loop(),
            http=session,
            instance_id="support",
            log=logging.getLogger("test.headset"),
            database=database,
            webapp=webapp,
            webapp_url=f"{OWN_ORIGIN}/_matrix/maubot/plugin/support/",
            config=headset.get_config_class()(lambda: config, base.clone, saved.append),
            loader=FileSystemLoader(str(ROOT), meta),
        )
        await plugin.internal_start()
        stack.push_async_callback(plugin.internal_stop)
        server = TestServer(app)
        await server.start_server(access_log_class=AccessLogger)
        http = await stack.enter_async_context(TestClient(server))
        yield Desk(plugin=plugin, http=http, config=config, saved=saved, database=database)
