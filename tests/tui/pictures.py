"""The guide's pictures of the console: copies of what the tests compare. `python -m tests.tui.pictures`."""

from __future__ import annotations

import shutil
from pathlib import Path

SNAPSHOTS = Path(__file__).parent / "__snapshots__"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "console"

SHOWN = {
    "tickets": "test_tickets/test_how_it_looks[160x48-dark].svg",
    "tickets-small": "test_tickets/test_how_it_looks[80x24-light].svg",
    "conversation": "test_conversation/test_how_it_looks[160x48-dark].svg",
    "direct": "test_direct/test_direct_picture[160x48-dark].svg",
    "direct-conversation": "test_direct/test_direct_conversation_picture[80x24-light].svg",
    "held": "test_held/test_held_picture[160x48-dark].svg",
    "blocks": "test_blocks/test_blocks_picture[160x48-dark].svg",
    "strangers": "test_strangers/test_strangers_picture[160x48-dark].svg",
    "moderators": "test_moderators/test_moderators_picture[160x48-dark].svg",
    "logins": "test_moderators/test_logins_picture[80x24-light].svg",
    "audit": "test_audit/test_audit_picture[160x48-dark].svg",
    "overview": "test_overview/test_overview_picture[160x48-light].svg",
    "canned": "test_settings_and_canned/test_canned_picture[80x24-light].svg",
    "settings": "test_settings_and_canned/test_settings_picture[80x24-light].svg",
    "login": "test_login/test_login_picture[80x24-light].svg",
}
"""Name of the picture, and the snapshot that it is a copy of."""

if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, snapshot in SHOWN.items():
        shutil.copy(SNAPSHOTS / snapshot, PICTURES / f"{name}.svg")
