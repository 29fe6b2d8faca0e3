"""The plugin's configuration in these tests: everything on, and somebody for each part."""

from __future__ import annotations

from typing import Any

from stack.instance import merge, mxid
from stack.telegram_client import ALICE, BOB
from tests.systems import UNPACED

CAROL = "carol"
"""A moderator with a Matrix account, so that customers can write to her in private."""

USER_SECRET = "what the host site and the plugin share"
CHAIN = 1
HANDLE = "@alice_of_example"


def browser_config(origins: list[str]) -> dict[str, Any]:
    """Return the configuration for host pages of these origins."""
    return merge(
        UNPACED,
        {
            "widget": {"allowed_origins": origins},
            "moderators": [
                {"telegram_id": ALICE, "name": "Alice", "role": "admin", "handles": [HANDLE]},
                {"telegram_id": BOB, "name": "Bob", "role": "moderator"},
                {"mxid": mxid(CAROL), "name": "Carol", "role": "moderator"},
            ],
            "identity": {"user_secret": USER_SECRET, "wallet_chains": [CHAIN]},
        },
    )
