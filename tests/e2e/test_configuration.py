"""The running plugin is given a configuration that it can't use."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from ruamel.yaml import YAML

from stack.instance import INSTANCE
from stack.json_api import RefusedError
from stack.system import System
from tests.systems import UNPACED


@pytest.mark.parametrize(
    "wrong",
    [{"relay": {"status_timeout": "soon"}}, {"relay": {"per_minutes": 5}}, {"admins": "me"}],
    ids=["value", "key", "kind"],
)
async def test_a_wrong_config_is_refused_and_changes_nothing(system: System, wrong: dict[str, Any]) -> None:
    before, stored = await system.api.call("GET", "/v1/config"), await stored_config(system)
    customer, text = await system.customer(), str(uuid.uuid4())
    try:
        with pytest.raises(RefusedError, match=": 500 "):
            await system.configure({**UNPACED, **wrong, "widget": {"name": "Must not be seen"}})
        assert await system.api.call("GET", "/v1/config") == before
        await customer.send(text)
        await system.telegram.wait_for_text(text)
        # Nor has it been stored for the next start.
        await system.restart_maubot()
        assert await system.api.call("GET", "/v1/config") == before
        assert await stored_config(system) == stored
    finally:
        await system.configure(UNPACED)


async def stored_config(system: System) -> Any:
    """The values that maubot keeps for the instance."""
    return YAML().load((await system.maubot.get_instance(INSTANCE))["config"])
