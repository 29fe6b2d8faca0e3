"""The local Telegram data centre as a process of the system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from .json_api import JsonApi
from .ports import HOST
from .process import Process

ROOT = Path(__file__).resolve().parent.parent


class TelegramCentre(Process):
    """The data centre; its folder holds the world and the key pair."""

    def __init__(self, folder: Path, *, port: int, control_port: int, links: Mapping[str, str]) -> None:
        """`links` are shown on the team's page, by label."""
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.public_key = folder / "dc.rsa.pub"
        self.control_url = f"http://{HOST}:{control_port}"
        command: list[str | Path] = [sys.executable, "-m", "stack.telegram", "--data", folder]
        command += ["--port", str(port), "--control-port", str(control_port)]
        for label, url in links.items():
            command += ["--link", f"{label}={url}"]
        super().__init__(
            "the Telegram data centre",
            command,
            log=folder / "telegram.log",
            cwd=folder,
            env={"PYTHONPATH": os.fspath(ROOT)},
        )

    async def boot(self, control: JsonApi) -> None:
        """Starts it and returns once it answers."""

        async def answers() -> bool:
            return (await control.request("GET", "/status")).status == 200

        await self.start(answers)
