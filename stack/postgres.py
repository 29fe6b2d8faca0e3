"""A PostgreSQL server of its own for one run, from Debian's packages."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import tempfile
from pathlib import Path

import asyncpg

from .ports import HOST, pick
from .process import Process

OWNER = "postgres"
# Nothing here outlives the run, so nothing has to reach the disk.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # It would look at tables at some moment and change plans; whoever needs statistics asks for them.
    "autovacuum": "off",
    "unix_socket_directories": "",
    "listen_addresses": HOST,
    "max_connections": "200",
}


class PostgresMissingError(Exception):
    """PostgreSQL's server is not installed."""


class Postgres:
    """A server with trust on loopback, in a temporary folder."""

    def __init__(self) -> None:
        self.port = pick(["postgres"])["postgres"]
        self.folder = Path(tempfile.mkdtemp(prefix="headset-postgres-"))
        # initdb and postgres refuse to run as root.
        self._user = pwd.getpwnam(OWNER).pw_uid if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.folder, self._user, self._user)

    async def __aenter__(self) -> Postgres:
        try:
            binaries = find_binaries()
            await self._make_cluster(binaries)
            self._server = self._process(binaries)
            await self._server.start(self._answers)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database, for asyncpg."""
        return f"postgresql://{OWNER}@{HOST}:{self.port}/{database}"

    async def create_database(self) -> str:
        """Makes an empty database and returns its URL."""
        name = f"headset_{secrets.token_hex(6)}"
        connection = await asyncpg.connect(self.url(OWNER))
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return self.url(name)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url(OWNER))
        except asyncpg.CannotConnectNowError:
            return False
        await connection.close()
        return True

    async def _make_cluster(self, binaries: Path) -> None:
        command: list[str | Path] = [
            binaries / "initdb",
            "--auth=trust",
            f"--username={OWNER}",
            "--no-sync",
            "--encoding=UTF8",
        ]
        command += ["--locale=C", self.folder / "data"]
        initdb = Process("initdb", command, log=self.folder / "initdb.log", cwd=self.folder, user=self._user)
        await initdb.run()

    def _process(self, binaries: Path) -> Process:
        command: list[str | Path] = [binaries / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        for name, value in OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        return Process(
            "PostgreSQL",
            command,
            log=self.folder / "postgres.log",
            cwd=self.folder,
            user=self._user,
            # "Immediate shutdown": the server's own processes go too, at once.
            stop_signal=signal.SIGQUIT,
            death_signal=signal.SIGQUIT,
        )


def find_binaries() -> Path:
    """The folder of initdb and postgres: Debian keeps them out of PATH, one folder for each version."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    if on_path is None:
        raise PostgresMissingError("PostgreSQL's server is missing: apt-get install postgresql")
    return Path(on_path).resolve().parent
