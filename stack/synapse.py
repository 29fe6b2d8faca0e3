"""A real Synapse on SQLite, as small and as fast to start as it gets."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .json_api import JsonApi
from .ports import HOST
from .process import Process

UNLIMITED = {"per_second": 100_000, "burst_count": 100_000}


@dataclass(frozen=True, kw_only=True)
class Federation:
    """How other homeservers reach this one, and it them: on loopback, whatever certificate they show."""

    port: int
    certificate: Path
    key: Path


class Synapse(Process):
    """The homeserver; its folder holds everything it keeps."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        server_name: str,
        shared_secret: str,
        registration: Path | None = None,
        federation: Federation | None = None,
    ) -> None:
        """`registration` is that of a bridge; without `federation` it speaks to no other homeserver."""
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://{HOST}:{port}"
        self.shared_secret = shared_secret
        config = folder / "homeserver.yaml"
        _write_once(folder / "signing.key", _new_signing_key())
        # Every configuration file here is JSON, which is YAML too.
        (folder / "log.yaml").write_text(json.dumps(_log_config()))
        settings = _config(folder, port, server_name, shared_secret)
        settings["app_service_config_files"] = [str(registration)] if registration else []
        settings["listeners"].extend(_federation_listeners(federation))
        settings.update(_federation_config(federation))
        config.write_text(json.dumps(settings, indent=2))
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


def _config(folder: Path, port: int, server_name: str, shared_secret: str) -> dict[str, Any]:
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
        "registration_shared_secret": shared_secret,
        "macaroon_secret_key": shared_secret,
        "form_secret": shared_secret,
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "url_preview_enabled": False,
        "presence": {"enabled": False},
        "bcrypt_rounds": 4,
        "caches": {"sync_response_cache_duration": "0s"},
        **_no_limits(),
    }


def _federation_listeners(federation: Federation | None) -> list[dict[str, Any]]:
    if federation is None:
        return []
    return [
        {
            "port": federation.port,
            "bind_addresses": [HOST],
            "type": "http",
            "tls": True,
            "resources": [{"names": ["federation"], "compress": False}],
        }
    ]


def _federation_config(federation: Federation | None) -> dict[str, Any]:
    if federation is None:
        return {"federation_domain_whitelist": []}
    return {
        "tls_certificate_path": str(federation.certificate),
        "tls_private_key_path": str(federation.key),
        "federation_verify_certificates": False,
        # By default both hold loopback.
        "ip_range_blacklist": [],
        "federation_ip_range_blacklist": [],
        # A homeserver that can't be reached counts as such at the first try.
        "federation": {"max_short_retries": 0, "max_long_retries": 0},
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
