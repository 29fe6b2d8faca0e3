"""What a system must remember to go on from a kept data folder."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .matrix import Account


def _token() -> str:
    return secrets.token_urlsafe(32)


@dataclass(kw_only=True)
class State:
    """The secrets made at the first start, the accounts, and the room once it is bridged."""

    synapse_secret: str = field(default_factory=_token)
    maubot_secret: str = field(default_factory=_token)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    """The admin's, in Matrix and in maubot, and Bob's in Matrix."""
    as_token: str = field(default_factory=_token)
    hs_token: str = field(default_factory=_token)
    wallet_secret: str = field(default_factory=_token)
    accounts: dict[str, Account] = field(default_factory=dict)
    room_id: str | None = None

    @classmethod
    def load(cls, path: Path) -> State:
        """Reads the state, or makes a new one."""
        if not path.exists():
            return cls()
        stored = json.loads(path.read_text())
        stored["accounts"] = {name: Account(**account) for name, account in stored["accounts"].items()}
        return cls(**stored)

    def save(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=2))
