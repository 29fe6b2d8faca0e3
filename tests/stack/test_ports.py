"""Free ports."""

from __future__ import annotations

import socket
from pathlib import Path

from stack.ports import CANDIDATES, HOST, is_free, pick, pick_and_remember

NAMES = ["one", "two", "three"]


def test_picks_different_free_ports_below_the_ephemeral_range() -> None:
    ports = pick(NAMES)
    assert len(set(ports.values())) == len(NAMES)
    assert all(port in CANDIDATES and is_free(port) for port in ports.values())
    ephemeral = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]
    assert max(CANDIDATES) < int(ephemeral)


def test_keeps_a_remembered_port_unless_it_is_taken(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = pick_and_remember(NAMES, memory)
    assert pick_and_remember(NAMES, memory) == first
    with socket.socket() as other:
        other.bind((HOST, first["two"]))
        other.listen()
        second = pick_and_remember(NAMES, memory)
    assert second["two"] != first["two"]
    assert (second["one"], second["three"]) == (first["one"], first["three"])
