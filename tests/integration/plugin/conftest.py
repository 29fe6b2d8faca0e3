"""A running plugin for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.plugin.desk import CONFIG, Desk, opened


@pytest.fixture
def config() -> dict[str, Any]:
    """The operator's configuration; a test may change it before it asks for `desk`."""
    return {key: dict(value) if isinstance(value, dict) else value for key, value in CONFIG.items()}


@pytest.fixture
async def desk(tmp_path: Path, config: dict[str, Any]) -> AsyncIterator[Desk]:
    """A running plugin of its own for each test."""
    async with opened(tmp_path, config) as running:
        yield running
