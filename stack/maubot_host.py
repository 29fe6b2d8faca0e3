"""A real maubot with the built plugin in it, driven through maubot's own management API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from .json_api import JsonApi
from .matrix import Account
from .ports import HOST
from .process import Process
from .small_disk import SmallDisk
from .watch import Watch

MANAGEMENT = "/_matrix/maubot/v1"
USER = "admin"


class MaubotHost(Process):
    """The host; its folder holds its configuration, database and plugins."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        password: str,
        secret: str,
        postgres: str | None = None,
        verbose: bool = False,
        disk_size: int | None = None,
    ) -> None:
        """Plugins use PostgreSQL where its URL is given, else SQLite files.

        These are on a disk of their own of `disk_size` bytes, if that is given, which goes with the process.
        `verbose`: as much is logged as in maubot's example configuration, which halves its throughput.
        """
        for name in ("plugins", "trash", "databases"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.url = f"http://{HOST}:{port}"
        self.page_url = self.url + "/_matrix/maubot"
        self.password = password
        self._management: JsonApi | None = None
        config = folder / "config.yaml"
        settings = _config(folder, port, password, secret, postgres) | {"logging": _log_config(verbose)}
        config.write_text(json.dumps(settings, indent=2))
        self.watch = Watch(folder / "watch")
        self.databases = folder / "databases"
        """The plugins' SQLite files; on a small disk, as the process sees it."""
        self.disk = None if disk_size is None else SmallDisk(self.databases, disk_size)
        command = self.watch.command("maubot", "-c", config)
        super().__init__(
            "maubot",
            self.disk.command(command) if self.disk else command,
            log=folder / "maubot.log",
            cwd=folder,
            # SIGTERM under load can hang it for good.
            patience=5.0,
        )

    async def boot(self, api: JsonApi) -> None:
        """Starts it, waits until it answers, and logs in to the management API."""

        async def answers() -> bool:
            return (await api.request("GET", f"{MANAGEMENT}/features")).status < 500

        await self.start(answers)
        login = {"username": USER, "password": self.password}
        token = (await api.call("POST", f"{MANAGEMENT}/auth/login", login))["token"]
        self._management = api.with_token(token)

    @property
    def management(self) -> JsonApi:
        if self._management is None:
            raise RuntimeError("maubot has not been started")
        return self._management

    async def upload(self, archive: Path) -> str:
        """Uploads an archive, in place of an earlier one if there is one; returns the plugin's id."""
        path = f"{MANAGEMENT}/plugins/upload?allow_override=true"
        content = await asyncio.to_thread(archive.read_bytes)
        plugin: str = (await self.management.call("POST", path, data=content))["id"]
        return plugin

    async def put_client(self, account: Account, homeserver: str) -> None:
        """Logs a Matrix account in as one of maubot's clients, or points it to another homeserver address."""
        body = {
            "homeserver": homeserver,
            "access_token": account.token,
            "enabled": True,
            "started": True,
            "sync": True,
            "autojoin": False,
            "online": False,
        }
        await self.management.call("PUT", f"{MANAGEMENT}/client/{account.mxid}", body)

    async def get_instance(self, instance: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.management.call("GET", f"{MANAGEMENT}/instance/{instance}")
        return found

    async def put_instance(self, instance: str, *, plugin: str, client: str, config: dict[str, Any]) -> None:
        """Makes the instance, or gives it this configuration, and has it running."""
        body = {
            "type": plugin,
            "primary_user": client,
            "enabled": True,
            "started": True,
            "config": json.dumps(config),
        }
        await self.management.call("PUT", f"{MANAGEMENT}/instance/{instance}", body)
        if not (await self.get_instance(instance))["started"]:
            raise RuntimeError(f"the instance {instance} did not start\n{self.log_tail()}")

    async def set_config(self, instance: str, config: dict[str, Any]) -> None:
        """Gives the running instance another configuration."""
        await self.management.call("PUT", f"{MANAGEMENT}/instance/{instance}", {"config": json.dumps(config)})

    async def stop_instance(self, instance: str) -> None:
        await self.management.call("PUT", f"{MANAGEMENT}/instance/{instance}", {"started": False})

    async def start_instance(self, instance: str) -> None:
        await self.management.call("PUT", f"{MANAGEMENT}/instance/{instance}", {"started": True})

    async def delete_instance(self, instance: str) -> None:
        """Deletes the instance and, as maubot does, its database."""
        await self.management.call("DELETE", f"{MANAGEMENT}/instance/{instance}")

    async def reload_plugin(self, plugin: str) -> None:
        """Has maubot load the archive again, which stops and starts all its instances."""
        await self.management.call("POST", f"{MANAGEMENT}/plugin/{plugin}/reload")


def _config(folder: Path, port: int, password: str, secret: str, postgres: str | None) -> dict[str, Any]:
    plugins = str(folder / "plugins")
    return {
        "database": f"sqlite:{folder / 'maubot.db'}",
        "crypto_database": "default",
        "plugin_directories": {"upload": plugins, "load": [plugins], "trash": str(folder / "trash")},
        "plugin_databases": {"sqlite": str(folder / "databases"), "postgres": postgres},
        "server": {
            "hostname": HOST,
            "port": port,
            "public_url": f"http://{HOST}:{port}",
            "ui_base_path": "/_matrix/maubot",
            "plugin_base_path": "/_matrix/maubot/plugin/",
            "override_resource_path": False,
            "unshared_secret": secret,
        },
        "homeservers": {},
        "admins": {"root": "", USER: password},
    }


def _log_config(verbose: bool) -> dict[str, Any]:
    level, of_requests = ("DEBUG", "INFO") if verbose else ("INFO", "WARNING")
    return {
        "version": 1,
        "formatters": {"plain": {"format": "[%(asctime)s] [%(levelname)s@%(name)s] %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "loggers": {"maubot": {"level": level}, "mau": {"level": level}, "aiohttp": {"level": of_requests}},
        "root": {"level": level, "handlers": ["console"]},
    }
