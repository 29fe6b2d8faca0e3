"""What tests of the configuration share: two people, a key changed, and what is said to be wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from plugin.config import parse_settings
from plugin.domain.errors import ConfigError

ALICE = {"telegram_id": 5550001, "name": "Alice", "role": "admin"}
BOB = {"mxid": "@bob:example.org", "name": "Bob", "role": "moderator"}


def put(data: Any, dotted: str, value: object) -> Any:
    """Return a copy of the data in which one key has another value."""
    changed = copy.deepcopy(data)
    *path, last = dotted.split(".")
    node = changed
    for name in path:
        node = node[name]
    node[last] = value
    return changed


def problems(data: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_settings(data)
    return caught.value.problems
