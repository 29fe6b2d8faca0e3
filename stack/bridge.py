"""The real mautrix-telegram, set up as its operators are told to, against the local Telegram data centre."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .json_api import JsonApi
from .ports import HOST
from .process import Process

RUNNER = Path(__file__).parent / "telegram" / "run_bridge.py"
DATA_CENTRE = 2

Options = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BridgeSettings:
    """What the bridge must know about everything around it."""

    port: int
    homeserver_url: str
    server_name: str
    admin: str
    bot: str
    ghost_template: str
    as_token: str
    hs_token: str
    telegram_port: int
    telegram_bot_token: str
    telegram_public_key: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


class Bridge(Process):
    """mautrix-telegram; its folder holds its configuration and database."""

    def __init__(
        self, folder: Path, environment: Path, settings: BridgeSettings, options: Options | None = None
    ) -> None:
        """`environment` is the virtual environment with mautrix-telegram; for `options` see `configure`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.url = settings.url
        self._folder, self._environment, self._settings = folder, environment, settings
        self._config_file = config = folder / "config.yaml"
        self.configure(options or {})
        super().__init__(
            "mautrix-telegram",
            [environment / "bin" / "python", RUNNER, "-c", config, "-r", folder / "unused.yaml", "-n"],
            log=folder / "bridge.log",
            cwd=folder,
            env={"HEADSET_DC_RSA_PUB": str(settings.telegram_public_key)},
        )

    def configure(self, options: Options) -> None:
        """Lays options over the `bridge` section of its configuration; they hold from its next start."""
        config = _config(_example_config(self._environment), self._folder, self._settings)
        config["bridge"].update(options)
        self._config_file.write_text(json.dumps(config, indent=2))

    async def boot(self, api: JsonApi) -> None:
        """Starts it and returns once it is ready: what reaches a bridge earlier is refused for good."""

        async def is_ready() -> bool:
            return (await api.request("GET", "/_matrix/mau/ready")).status == 200

        await self.start(is_ready)


def write_registration(path: Path, settings: BridgeSettings) -> None:
    """Writes the homeserver's half of the bridge's registration, as `mautrix-telegram -g` would."""
    ghosts = settings.ghost_template.format(userid=".*")
    namespace = [f"@{ghosts}:{settings.server_name}", f"@{settings.bot}:{settings.server_name}"]
    registration = {
        "id": "telegram",
        "url": settings.url,
        "as_token": settings.as_token,
        "hs_token": settings.hs_token,
        "sender_localpart": "telegram-bridge",
        "rate_limited": False,
        "namespaces": {"users": [{"exclusive": True, "regex": regex} for regex in namespace]},
        "de.sorunome.msc2409.push_ephemeral": True,
        "receive_ephemeral": True,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(registration, indent=2))


def _example_config(environment: Path) -> dict[str, Any]:
    found = list(environment.glob("lib/python3*/site-packages/mautrix_telegram/example-config.yaml"))
    if not found:
        raise FileNotFoundError(f"no mautrix-telegram in {environment}; ./build.sh demo puts it there")
    config: dict[str, Any] = YAML(typ="safe").load(found[0])
    return config


def _config(config: dict[str, Any], folder: Path, settings: BridgeSettings) -> dict[str, Any]:
    config["homeserver"].update(address=settings.homeserver_url, domain=settings.server_name)
    config["appservice"].update(
        address=settings.url,
        hostname=HOST,
        port=settings.port,
        database=f"sqlite:{folder / 'bridge.db'}",
        bot_username=settings.bot,
        bot_avatar="",
        as_token=settings.as_token,
        hs_token=settings.hs_token,
    )
    config["appservice"]["provisioning"].update(enabled=False, shared_secret="unused")
    config["bridge"].update(
        username_template=settings.ghost_template,
        permissions={"*": "relaybot", settings.admin: "admin"},
        double_puppet_server_map={},
        login_shared_secret_map={},
        message_status_events=True,
        delivery_error_reports=True,
        incoming_bridge_error_reports=True,
        sync_channel_members=True,
        state_event_formats={"join": "", "leave": "", "name_change": ""},
    )
    config["bridge"]["relaybot"].update(whitelist=[], whitelist_group_admins=False, authless_portals=False)
    # The converters of animated stickers are system packages that the demo does without.
    config["bridge"]["animated_sticker"]["target"] = "disable"
    config["telegram"].update(api_id=1, api_hash="f" * 32, bot_token=settings.telegram_bot_token)
    config["telegram"]["server"].update(enabled=True, dc=DATA_CENTRE, ip=HOST, port=settings.telegram_port)
    config["telegram"]["connection"].update(timeout=10, retries=3)
    config["logging"] = _log_config()
    return config


def _log_config() -> dict[str, Any]:
    return {
        "version": 1,
        "formatters": {"plain": {"format": "[%(asctime)s] [%(levelname)s@%(name)s] %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "loggers": {"mau": {"level": "DEBUG"}, "aiohttp": {"level": "WARNING"}},
        "root": {"level": "INFO", "handlers": ["console"]},
    }
