"""A PostgreSQL server for one run."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import asyncpg
import pytest

from stack.conditions import PATIENCE, until
from stack.ports import is_free
from stack.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import asyncio
from stack.postgres import Postgres
async def main():
    async with Postgres() as server:
        print(server.port, server.folder, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_databases_are_apart_and_the_server_goes_with_the_run() -> None:
    async with Postgres() as server:
        first, second = await server.create_database(), await server.create_database()
        connection = await asyncpg.connect(first)
        await connection.execute("CREATE TABLE here (id BIGINT)")
        await connection.close()
        other = await asyncpg.connect(second)
        with pytest.raises(asyncpg.UndefinedTableError):
            await other.fetch("SELECT * FROM here")
        await other.close()
    assert is_free(server.port)
    assert not server.folder.exists()


async def test_the_server_goes_with_a_killed_run_too() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", PARENT),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    line = (await asyncio.wait_for(parent.stdout.readline(), PATIENCE)).decode()
    port, _, folder = line.strip().partition(" ")
    assert not is_free(int(port))
    parent.kill()
    await parent.communicate()

    async def gone() -> bool:
        return is_free(int(port))

    await until(gone, "the server is gone")
    shutil.rmtree(folder)
