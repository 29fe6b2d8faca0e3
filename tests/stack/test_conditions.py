"""Waiting for conditions, and for several things at once."""

from __future__ import annotations

import asyncio

import pytest

from stack.conditions import NotInTimeError, all_of, until


async def test_returns_what_the_probe_found() -> None:
    found = iter([None, "", "it"])

    async def probe() -> str | None:
        return next(found)

    assert await until(probe, "it", every=0) == "it"


async def test_names_what_did_not_come_about() -> None:
    async def probe() -> bool:
        return False

    with pytest.raises(NotInTimeError, match=r"not within 0.1 s: the moon"):
        await until(probe, "the moon", within=0.1, every=0.01)


async def test_when_one_fails_the_others_are_ended() -> None:
    ended = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def failing() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await all_of(endless(), failing())
    assert ended.is_set()
