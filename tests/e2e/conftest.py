"""The whole system, once for all tests that leave it as it was, and one of their own for those that don't."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from stack.system import System
from tests.systems import UNPACED


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    """One running system for the session; a test brings customers of its own."""
    async with System(config=UNPACED) as running:
        yield running


@pytest.fixture
def private_system() -> Callable[..., AbstractAsyncContextManager[System]]:
    """Makes a system that a test may break."""

    def make(**options: Any) -> System:
        return System(config=UNPACED, **options)

    return make
