"""A desk to measure: the plugin beside a bare one in one maubot, a homeserver, and a moderator's ghost."""

from __future__ import annotations

import asyncio
import io
import resource
import zipfile
from pathlib import Path
from typing import Any

from bench.bridgeless import Bridgeless
from stack.conditions import until
from stack.customer import Customer, open_session
from stack.instance import GHOST_TEMPLATE, merge
from stack.json_api import JsonApi
from stack.matrix import MatrixUser, register
from stack.telegram_client import ALICE

USER_SECRET = "what the host site and the plugin share"  # noqa: S105 (of a desk that lives for minutes)

_BARE = Path(__file__).with_name("bare")
_BARE_INSTANCE = "bare"
_AT_ONCE = 16
_IDLE_TICKS, _PATIENCE = 3, 120.0


class Desk(Bridgeless):
    """The system that customers' posts and streams are measured on."""

    async def __aenter__(self) -> Desk:
        await super().__aenter__()
        return self

    @property
    def bare(self) -> JsonApi:
        """The bare plugin's HTTP, in the same process."""
        return JsonApi(self.session, f"{self.maubot.url}/_matrix/maubot/plugin/{_BARE_INSTANCE}")

    @property
    def memory(self) -> float:
        """The resident memory of maubot, in KiB."""
        pages = int(Path(f"/proc/{self.maubot.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1024

    async def restart_maubot(self) -> None:
        """Begin with a fresh process; its instances come up by themselves."""
        await self.maubot.kill()
        await self.maubot.boot(JsonApi(self.session, self.maubot.url))
        await self._wait_for_both()

    async def new_user(self, localpart: str) -> MatrixUser:
        """Make a Matrix user who is in the support room."""
        homeserver = JsonApi(self.session, self.synapse.url)
        user = MatrixUser(homeserver, await register(homeserver, self.synapse.shared_secret, localpart))
        await self.bot.invite(self.room_id, user.mxid)
        await user.join(self.room_id)
        return user

    async def open_customers(self, count: int) -> list[Customer]:
        """Open so many sessions, each of a customer of its own."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def open_one() -> Customer:
            async with turn:
                return await open_session(self.api)

        return await asyncio.gather(*(open_one() for _ in range(count)))

    async def wait_until_idle(self) -> None:
        """Return once maubot has next to nothing to do: what was posted has been relayed."""

        async def is_idle() -> bool:
            before = self._worked()
            await asyncio.sleep(1.0)
            return self._worked() - before < _IDLE_TICKS

        await until(is_idle, "maubot is idle", within=_PATIENCE)

    def _worked(self) -> int:
        """Return the processor time that maubot has had, in ticks of a hundredth of a second."""
        fields = Path(f"/proc/{self.maubot.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    async def _start(self) -> None:
        allow_many_files()
        await super()._start()
        self.ghost = await self.new_user(GHOST_TEMPLATE.format(userid=ALICE))
        plugin = await self.maubot.management.call(
            "POST", "/_matrix/maubot/v1/plugins/upload?allow_override=true", data=_pack_bare()
        )
        await self.maubot.put_instance(_BARE_INSTANCE, plugin=plugin["id"], client=self.bot.mxid, config={})
        await self._wait_for_both()

    def _config(self) -> dict[str, Any]:
        moderator = {"telegram_id": ALICE, "name": "Alice", "role": "admin"}
        more = {"moderators": [moderator], "identity": {"user_secret": USER_SECRET}}
        return merge(super()._config(), more)

    async def _wait_for_both(self) -> None:
        async def answer() -> bool:
            ours = await self.api.request("GET", "/v1/config")
            bare = await self.bare.request("POST", "/tell", {})
            return (ours.status, bare.status) == (200, 201)

        await until(answer, f"both plugins answer\n{self.maubot.log_tail()}")


def allow_many_files() -> int:
    """Raise this process's limit of open files, and so that of what it starts; return it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def _pack_bare() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(_BARE.iterdir()):
            if path.is_file():
                archive.write(path, path.name)
    return packed.getvalue()
