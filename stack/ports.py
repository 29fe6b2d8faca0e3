"""Free ports on loopback, remembered by name in a data folder."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
# Below Linux's ephemeral range: there an outgoing connection may take the port while its server restarts.
CANDIDATES = range(10_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def pick(names: list[str], remembered: dict[str, int] | None = None) -> dict[str, int]:
    """One free port for each name, the remembered one where it is still free."""
    chosen: dict[str, int] = {}
    for name in names:
        port = (remembered or {}).get(name, 0)
        while port in chosen.values() or port not in CANDIDATES or not is_free(port):
            port = random.choice(CANDIDATES)
        chosen[name] = port
    return chosen


def pick_and_remember(names: list[str], path: Path) -> dict[str, int]:
    """Like `pick`, remembering in a JSON file: so pages keep their origin from one start to the next."""
    remembered = json.loads(path.read_text()) if path.exists() else None
    chosen = pick(names, remembered)
    path.write_text(json.dumps(chosen, indent=2))
    return chosen
