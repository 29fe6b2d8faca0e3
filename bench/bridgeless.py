"""The plugin and a homeserver with no bridge behind it: what it takes to be sent depends on the two alone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

from stack import archive
from stack.conditions import all_of, until
from stack.instance import ADMIN, INSTANCE, SERVER_NAME, SUPPORT_BOT, mxid
from stack.json_api import JsonApi
from stack.matrix import MatrixUser, register
from stack.maubot_host import MaubotHost
from stack.ports import pick
from stack.state import State
from stack.synapse import Synapse
from stack.telegram_centre import ROOT

_UNLIMITED = 1_000_000


class Bridgeless:
    """Synapse, and maubot with the built plugin in a support room that nobody else is in."""

    def __init__(self, *, postgres: str | None = None) -> None:
        """`postgres` is the URL of the plugin's database; without it, it is SQLite."""
        self._folder = Path(tempfile.mkdtemp(prefix="headset-bench-"))
        self._state, ports = State(), pick(["synapse", "maubot"])
        self.synapse = Synapse(
            self._folder / "synapse",
            port=ports["synapse"],
            server_name=SERVER_NAME,
            shared_secret=self._state.synapse_secret,
        )
        self.maubot = MaubotHost(
            self._folder / "maubot",
            port=ports["maubot"],
            password=self._state.password,
            secret=self._state.maubot_secret,
            postgres=postgres,
        )
        self.room_id = ""

    async def __aenter__(self) -> Bridgeless:
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stop()

    @property
    def api(self) -> JsonApi:
        """The plugin's HTTP API, without a token."""
        return JsonApi(self.session, f"{self.maubot.url}/_matrix/maubot/plugin/{INSTANCE}")

    async def _start(self) -> None:
        path = archive.build(ROOT, self._folder / "dist")
        homeserver = JsonApi(self.session, self.synapse.url)
        await all_of(self.synapse.boot(homeserver), self.maubot.boot(JsonApi(self.session, self.maubot.url)))
        secret = self._state.synapse_secret
        account = await register(homeserver, secret, SUPPORT_BOT)
        self.bot = MatrixUser(homeserver, account)
        self.room_id = await self.bot.create_room(name="Support", preset="private_chat")
        plugin = await self.maubot.upload(path)
        await self.maubot.put_client(account, self.synapse.url)
        await self.maubot.put_instance(INSTANCE, plugin=plugin, client=account.mxid, config=self._config())

        async def answers() -> bool:
            return (await self.api.request("GET", "/v1/config")).status == 200

        await until(answers, f"the plugin answers\n{self.maubot.log_tail()}")

    def _config(self) -> dict[str, Any]:
        return {
            "support_room": self.room_id,
            "admins": [mxid(ADMIN)],
            "bridge": {"bot": mxid("telegrambot"), "ghost_template": "telegram_{userid}"},
            "moderators": [{"mxid": mxid(ADMIN), "name": "Alice", "role": "admin"}],
            "relay": {"per_minute": 0, "join_within": "0s"},
            "limits": {"messages_per_minute": _UNLIMITED, "sessions_per_hour": _UNLIMITED},
        }

    async def _stop(self) -> None:
        await self.maubot.kill()
        await self.synapse.kill()
        await self.session.close()
        shutil.rmtree(self._folder, ignore_errors=True)
