"""What the unit tests share: the people, the configuration that is shipped, and how hypothesis runs."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, configuration
from hypothesis import settings as hypothesis_settings
from mautrix.util.config import yaml

from plugin.config import Settings, parse_settings
from plugin.domain.model import Customer, Moderator, Target

ROOT = Path(__file__).resolve().parents[2]

# The same examples each time, and no clock: a slow machine must not fail a test.
hypothesis_settings.register_profile(
    "unit",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("unit")
configuration.set_hypothesis_home_dir(ROOT / ".pytest_cache" / "hypothesis")


@pytest.fixture
def base_text() -> str:
    """Give base-config.yaml as it is shipped."""
    return (ROOT / "base-config.yaml").read_text()


@pytest.fixture
def base_data(base_text: str) -> Any:
    """Give base-config.yaml with the two values that an operator must set."""
    data = yaml.load(base_text)
    data["support_room"] = "!support:example.org"
    data["bridge"]["bot"] = "@telegrambot:example.org"
    return data


@pytest.fixture
def settings(base_data: Any) -> Settings:
    """Give the settings of a fresh installation."""
    return parse_settings(base_data)


@pytest.fixture
def alice() -> Moderator:
    """Give a moderator with both ids."""
    return Moderator(id="MOD-A", name="Alice", role="admin", telegram_id=5550001, mxid="@alice:hs.test")


@pytest.fixture
def bob() -> Moderator:
    """Give a moderator who is known by the Telegram id alone."""
    return Moderator(id="MOD-B", name="Bob", role="moderator", telegram_id=5550002, mxid=None)


@pytest.fixture
def target() -> Target:
    """Give the ticket that a reply points at."""
    return Target(customer_id="CUST-1", ticket=1042, message_id="MSG-1")


@pytest.fixture
def customer() -> Customer:
    """Give a customer of whom no name is known."""
    return Customer(
        id="CUST-1",
        identity="anonymous",
        name=None,
        ticket=1042,
        last_seq=1,
        last_event=1,
        created_at=datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
    )
