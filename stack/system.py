"""The whole system: started in the right order, usable as one object, ended without a trace."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from . import archive
from .bridge import Bridge, BridgeSettings, Options, write_registration
from .conditions import all_of, until
from .customer import Customer, open_session
from .host_page import HostPage
from .instance import (
    ADMIN,
    BRIDGE_BOT,
    GHOST_TEMPLATE,
    INSTANCE,
    MODERATOR,
    SERVER_NAME,
    SUPPORT_BOT,
    Config,
    ghost,
    instance_config,
    mxid,
)
from .json_api import JsonApi
from .matrix import MatrixUser, register
from .matrix_proxy import MatrixProxy
from .maubot_host import MaubotHost
from .portal import PortalMembers, bridge_room, make_room
from .ports import HOST, pick_and_remember
from .process import Process
from .state import State
from .synapse import Synapse
from .telegram_centre import ROOT, TelegramCentre
from .telegram_client import ALICE, BOB, BOT_TOKEN, GROUP, MALLORY, TelegramClient

PORTS = ["synapse", "bridge", "maubot", "page", "proxy", "telegram", "telegram_control"]


class System:
    """Synapse, maubot with the built plugin, mautrix-telegram, the Telegram data centre, a host page.

    With a data folder of its own it goes on where it was left. Synapse on SQLite numbers its transactions
    to the bridge from 1 again after a restart, and a bridge that runs on would drop them as repeats: so the
    bridge is always started after Synapse.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        config: Config | None = None,
        postgres: str | None = None,
        disk_size: int | None = None,
        homeserver_proxy: bool = False,
        verbose: bool = False,
        bridge_environment: Path = ROOT / ".build" / "telegram",
        bridge_options: Options | None = None,
        progress: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """`config` is laid over the plugin's own; `postgres` is the URL of its database, else SQLite.

        SQLite's files are on a disk of `disk_size` bytes if that is given. `verbose`: maubot logs what its
        example configuration lets it. `bridge_options` are laid over the `bridge` section of the bridge's
        configuration.
        """
        self._temporary = data is None
        self.data = Path(tempfile.mkdtemp(prefix="headset-")) if data is None else data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        self._config = config or {}
        self._progress = progress
        self._session: aiohttp.ClientSession | None = None
        self._state_file = self.data / "state.json"
        self.state = State.load(self._state_file)
        self.state.save(self._state_file)
        ports = pick_and_remember(PORTS, self.data / "ports.json")
        self.telegram_centre = TelegramCentre(
            self.data / "telegram",
            port=ports["telegram"],
            control_port=ports["telegram_control"],
            links={"The customer's app": f"http://{HOST}:{ports['page']}/"},
        )
        settings = _bridge_settings(self.state, ports, self.telegram_centre)
        registration = self.data / "registration.yaml"
        write_registration(registration, settings)
        self.synapse = Synapse(
            self.data / "synapse",
            port=ports["synapse"],
            server_name=SERVER_NAME,
            shared_secret=self.state.synapse_secret,
            registration=registration,
        )
        self.bridge = Bridge(self.data / "bridge", bridge_environment, settings, bridge_options)
        self.maubot = MaubotHost(
            self.data / "maubot",
            port=ports["maubot"],
            password=self.state.password,
            secret=self.state.maubot_secret,
            postgres=postgres,
            verbose=verbose,
            disk_size=disk_size,
        )
        self.api_url = f"{self.maubot.url}/_matrix/maubot/plugin/{INSTANCE}"
        self.page = HostPage(port=ports["page"], api_url=self.api_url, wallet_secret=self.state.wallet_secret)
        self.proxy = MatrixProxy(port=ports["proxy"], target=self.synapse.url) if homeserver_proxy else None

    async def __aenter__(self) -> System:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the system has not been started")
        return self._session

    @property
    def api(self) -> JsonApi:
        """The plugin's HTTP API, without a token."""
        return JsonApi(self.session, self.api_url)

    @property
    def room_id(self) -> str:
        """The support room."""
        if self.state.room_id is None:
            raise RuntimeError("the system has not been started")
        return self.state.room_id

    @property
    def telegram(self) -> TelegramClient:
        return TelegramClient(JsonApi(self.session, self.telegram_centre.control_url))

    @property
    def admin(self) -> MatrixUser:
        return self._user(ADMIN)

    @property
    def bob(self) -> MatrixUser:
        """The moderator who is in Matrix, too; in no room until somebody writes to him."""
        return self._user(MODERATOR)

    @property
    def support_bot(self) -> MatrixUser:
        """The plugin's own account and device: for looking, not for sending."""
        return self._user(SUPPORT_BOT)

    async def customer(self, **body: object) -> Customer:
        """A new anonymous customer."""
        return await open_session(self.api, **body)

    async def new_user(self, localpart: str) -> MatrixUser:
        """Another Matrix user on the homeserver, in no room yet."""
        account = await register(self._homeserver, self.state.synapse_secret, localpart)
        return MatrixUser(self._homeserver, account)

    async def restart_maubot(self) -> None:
        await self.stop_maubot()
        await self.start_maubot()

    async def stop_maubot(self) -> None:
        await self.maubot.stop()

    async def kill_maubot(self) -> None:
        """Ends maubot as a crash would."""
        await self.maubot.kill()

    async def start_maubot(self) -> None:
        """Starts maubot again, which starts its instances, and returns once the plugin answers."""
        await self.maubot.boot(JsonApi(self.session, self.maubot.url))
        await self.wait_for_plugin()

    async def restart_bridge(self, options: Options | None = None) -> None:
        """Restarts the bridge; options, if given, take the place of those that it had."""
        await self.bridge.stop()
        if options is not None:
            self.bridge.configure(options)
        await self.start_bridge()

    async def start_bridge(self) -> None:
        await self.bridge.boot(JsonApi(self.session, self.bridge.url))

    async def restart_synapse(self) -> None:
        """Restarts the homeserver, and the bridge after it."""
        await self.bridge.stop()
        await self.synapse.stop()
        await self.synapse.boot(self._homeserver)
        await self.start_bridge()

    async def configure(self, overrides: Config) -> None:
        """Gives the running instance other overrides; those given to the constructor are gone."""
        self._config = overrides
        await self.maubot.set_config(INSTANCE, self._instance_config())

    async def wait_for_plugin(self) -> None:
        """Returns once the plugin's web app answers."""

        async def answers() -> bool:
            return (await self.api.request("GET", "/v1/config")).status == 200

        await until(answers, f"the plugin answers\n{self.maubot.log_tail()}")

    async def first_to_end(self) -> Process:
        """Returns the first of the processes that ends by itself."""
        processes = [self.synapse, self.maubot, self.bridge, self.telegram_centre]
        waits = {asyncio.ensure_future(process.wait()): process for process in processes}
        try:
            ended, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return waits[ended.pop()]

    async def stop(self) -> None:
        """Ends every process and server; a temporary data folder goes with them."""
        if self.proxy:
            await self.proxy.stop()
        await self.page.stop()
        for together in ([self.maubot, self.bridge], [self.synapse, self.telegram_centre]):
            # What nobody will read again needs no orderly end.
            await asyncio.gather(*(part.kill() if self._temporary else part.stop() for part in together))
        if self._session:
            await self._session.close()
        if self._temporary:
            shutil.rmtree(self.data, ignore_errors=True)

    async def _start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=120)
        )
        self._progress("starting Synapse, maubot and the Telegram data centre")
        archive_path = archive.build(ROOT, self.data / "dist")
        await all_of(
            self.telegram_centre.boot(self.telegram.api),
            self._start_homeserver(),
            self.maubot.boot(JsonApi(self.session, self.maubot.url)),
            self.page.start(),
        )
        self._progress("starting the bridge")
        _, plugin = await all_of(self.start_bridge(), self.maubot.upload(archive_path))
        bridged = self.state.room_id is not None
        if not bridged:
            self._progress("making the support room")
            self.state.room_id = await make_room(self._portal_members(), "Support")
        self._progress("bridging the room, starting the plugin")
        await all_of(*([] if bridged else [self._bridge_room()]), self._start_instance(plugin))
        self.state.save(self._state_file)

    async def _start_homeserver(self) -> None:
        await self.synapse.boot(self._homeserver)
        if self.proxy:
            await self.proxy.start()
        secret, password = self.state.synapse_secret, self.state.password
        people: dict[str, dict[str, Any]] = {
            ADMIN: {"password": password, "admin": True},
            SUPPORT_BOT: {},
            MODERATOR: {"password": password},
        }
        # A kept data folder may be older than one of them.
        missing = [name for name in people if name not in self.state.accounts]
        made = await all_of(*(register(self._homeserver, secret, name, **people[name]) for name in missing))
        self.state.accounts |= dict(zip(missing, made, strict=True))
        self.state.save(self._state_file)

    async def _bridge_room(self) -> None:
        await bridge_room(self._portal_members(), self.room_id, GROUP)

    async def _start_instance(self, plugin: str) -> None:
        seen_by_maubot = self.proxy.url if self.proxy else self.synapse.url
        await self.maubot.put_client(self.support_bot.account, seen_by_maubot)
        await self.maubot.put_instance(
            INSTANCE, plugin=plugin, client=self.support_bot.mxid, config=self._instance_config()
        )
        await self.wait_for_plugin()

    def _instance_config(self) -> dict[str, Any]:
        return instance_config(self.room_id, self.page.origin, self._config)

    def _portal_members(self) -> PortalMembers:
        return PortalMembers(
            admin=self.admin,
            support_bot=self.support_bot,
            bridge_bot=mxid(BRIDGE_BOT),
            ghosts=frozenset(map(ghost, (ALICE, BOB, MALLORY))),
        )

    @property
    def _homeserver(self) -> JsonApi:
        return JsonApi(self.session, self.synapse.url)

    def _user(self, localpart: str) -> MatrixUser:
        return MatrixUser(self._homeserver, self.state.accounts[localpart])


def _bridge_settings(state: State, ports: dict[str, int], telegram: TelegramCentre) -> BridgeSettings:
    return BridgeSettings(
        port=ports["bridge"],
        homeserver_url=f"http://{HOST}:{ports['synapse']}",
        server_name=SERVER_NAME,
        admin=mxid(ADMIN),
        bot=BRIDGE_BOT,
        ghost_template=GHOST_TEMPLATE,
        as_token=state.as_token,
        hs_token=state.hs_token,
        telegram_port=telegram.port,
        telegram_bot_token=BOT_TOKEN,
        telegram_public_key=telegram.public_key,
    )
