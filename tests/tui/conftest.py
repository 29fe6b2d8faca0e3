"""Consoles at a running plugin: real HTTP, a pinned clock, no terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from tests.integration.plugin.conftest import (  # noqa: F401 # fixtures
    api,
    desk,
    pinned,
    signing_in,
)
from tests.integration.plugin.desk import CONFIG, Desk
from tests.integration.plugin.mod.team import ALICE, BOB, CAROL
from tests.tui.seat import Seat, take_a_seat
from tests.tui.seeds import Seeds


class Picture(SVGImageExtension):
    """One SVG a file, which a browser shows."""

    file_extension = "svg"


Sit = Callable[..., AbstractAsyncContextManager[Seat]]


@pytest.fixture(autouse=True)
def in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures be the same for a developer who wants no colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def config() -> dict[str, Any]:
    """The operator's configuration with a team of three, Carol being an admin."""
    config = {key: dict(value) if isinstance(value, dict) else value for key, value in CONFIG.items()}
    config["moderators"] = [dict(ALICE), dict(BOB), dict(CAROL)]
    return config


@pytest.fixture
def sit(
    signing_in: None,  # noqa: F811
    pinned: Any,  # noqa: F811
    desk: Desk,  # noqa: F811
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Sit:
    """Seat a moderator, by name, at a console of a size; at the same `place` what was kept is there."""
    seats = 0
    test = Path(request.path)
    expected = test.parent / "__snapshots__" / test.stem / f"{request.node.name}.svg"

    @asynccontextmanager
    async def seated(
        name: str = "Carol", size: tuple[int, int] = (80, 24), *, place: str = "", **options: Any
    ) -> AsyncIterator[Seat]:
        nonlocal seats
        seats += 1
        folder = tmp_path / (place or f"seat{seats}")
        options["expected"] = expected if expected.exists() else None
        async with take_a_seat(desk, name, folder, pinned, size, **options) as seat:
            yield seat

    return seated


@pytest.fixture
def seeds(signing_in: None, desk: Desk, api: Any, pinned: Any) -> Seeds:  # noqa: F811
    """Give what may happen at the desk."""
    return Seeds(desk, api, pinned)


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Give what pictures of screens are compared with."""
    return snapshot.use_extension(Picture)
