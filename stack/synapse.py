"""A real Synapse on SQLite, as small and as fast to start as it gets."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from pathlib import Path
from typing import Any

from .json_api import JsonApi
from .ports import HOST
from .process import Process

UNLIMITED = {"per_second": 100_000, "burst_count": 100_000}


class Synapse(Process):
    """The homeserver; its folder holds everything it keeps."""

    def __init__(
        self, folder: Path, *, port: int, server_name: str, shared_secret: str, registration: Path
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://{HOST}:{port}"
        self.shared_secret = shared_secret
        config = folder / "homeserver.yaml"
        _write_once(folder / "signing.key", _new_signing_key())
        # Every configuration file here is JSON, which is YAML too.
        (folder / "log.yaml").write_text(json.dumps(_log_config()))
        config.write_text(
            json.dumps(_config(folder, port, server_name, shared_secret, registration), indent=2)
        )
        super().__init__(
            "Synapse",
            [sys.executable, "-m", "synapse.app.homeserver", "-c", config],
            log=folder / "synapse.log",
            cwd=folder,
            env={"SYNAPSE_CACHE_FACTOR": "0.5"},
        )

    async def boot(self, api: JsonApi) -> None:
        """Starts it and returns once it answers."""

        async def answers() -> bool:
            return (await api.request("GET", "/_matrix/client/versions")).status == 200

        await self.start(answers)


def _write_once(path: Path, content: str) -> None:
    if not path.exists():
        path.write_text(content)


def _new_signing_key() -> str:
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"ed25519 a_{secrets.token_hex(2)} {seed}\n"


def _log_config() -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    }


def _config(
    folder: Path, port: int, server_name: str, shared_secret: str, registration: Path
) -> dict[str, Any]:
    return {
        "server_name": server_name,
        "pid_file": str(folder / "homeserver.pid"),
        "signing_key_path": str(folder / "signing.key"),
        "media_store_path": str(folder / "media"),
        "log_config": str(folder / "log.yaml"),
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "listeners": [
            {
                "port": port,
                "bind_addresses": [HOST],
                "type": "http",
                "tls": False,
                "resources": [{"names": ["client"], "compress": False}],
            }
        ],
        "app_service_config_files": [str(registration)],
        "registration_shared_secret": shared_secret,
        "macaroon_secret_key": shared_secret,
        "form_secret": shared_secret,
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        "url_preview_enabled": False,
        "presence": {"enabled": False},
        "bcrypt_rounds": 4,
        "caches": {"sync_response_cache_duration": "0s"},
        **_no_limits(),
    }


def _no_limits() -> dict[str, Any]:
    return {
        "rc_message": UNLIMITED,
        "rc_registration": UNLIMITED,
        "rc_login": {"address": UNLIMITED, "account": UNLIMITED, "failed_attempts": UNLIMITED},
        "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
        "rc_joins_per_room": UNLIMITED,
        "rc_invites": {"per_room": UNLIMITED, "per_user": UNLIMITED, "per_issuer": UNLIMITED},
        "rc_room_creation": UNLIMITED,
        "rc_admin_redaction": UNLIMITED,
    }
