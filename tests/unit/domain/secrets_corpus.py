"""Ordinary text by the hundred thousand words, from what every Python brings along, the same in each run."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from pydoc_data.topics import topics

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = Path(json.__file__).resolve().parents[1]
PACKAGES = ("asyncio", "email", "http", "json", "logging")
WORDS_A_MESSAGE = (3, 8, 15, 40, 120)

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "023456789acdefghjklmnpqrstuvwxyz"


def english() -> Iterator[str]:
    """Yield the words of manuals and licences."""
    for topic in sorted(topics):
        yield from topics[topic].split()
    for path in (ROOT / "LICENSE", *sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))):
        yield from path.read_text("utf-8").split()


def code() -> Iterator[str]:
    """Yield the words of the standard library's source and of ours."""
    folders = [*(LIBRARY / name for name in PACKAGES), ROOT / "plugin"]
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield from path.read_text("utf-8").split()


def numbers() -> Iterator[str]:
    """Yield addresses of many chains, hashes, identifiers and links, in sentences."""
    chance = random.Random(1)
    for _ in range(1500):
        yield "I sent it to"
        yield chance.choice(_addresses(chance))
        yield "and the other one is"
        yield chance.choice(_identifiers(chance))
        yield "but nothing arrived, can you check please?"
        yield _transaction(chance)


def messages(words: Iterator[str]) -> list[str]:
    """Return the words as messages of many lengths, none longer than a customer may write."""
    chance, made = random.Random(2), []
    while taken := list(islice(words, chance.choice(WORDS_A_MESSAGE))):
        made.append(" ".join(taken)[:4000])
    return made


def _addresses(chance: random.Random) -> list[str]:
    return [
        "0x" + chance.randbytes(20).hex(),
        "1" + _pick(chance, BASE58, 33),
        "3" + _pick(chance, BASE58, 33),
        "bc1q" + _pick(chance, BECH32, 38),
        "bc1p" + _pick(chance, BECH32, 58),
        "T" + _pick(chance, BASE58, 33),
        _pick(chance, BASE58, 44),
        "4" + _pick(chance, BASE58, 94),
        "8" + _pick(chance, BASE58, 94),
        "addr1q" + _pick(chance, BECH32, 98),
        "r" + _pick(chance, BASE58, 33),
    ]


def _identifiers(chance: random.Random) -> list[str]:
    return [
        str(uuid.UUID(bytes=chance.randbytes(16))),
        chance.randbytes(20).hex(),
        chance.randbytes(16).hex(),
        chance.randbytes(64).hex(),
        base64.b64encode(chance.randbytes(chance.randrange(20, 90))).decode(),
        "Qm" + _pick(chance, BASE58, 44),
        "bafybei" + _pick(chance, "abcdefghijklmnopqrstuvwxyz234567", 52),
        "12D3KooW" + _pick(chance, BASE58, 44),
        "0xa9059cbb" + chance.randbytes(64).hex(),
    ]


def _transaction(chance: random.Random) -> str:
    """Give a hash as customers do: bare, named or in a link."""
    number, signature = chance.randbytes(32).hex(), _pick(chance, BASE58, 88)
    return chance.choice(
        (
            number,
            "0x" + number,
            f"tx hash: 0x{number}",
            f"https://explorer.example/tx/0x{number}",
            signature,
            f"https://explorer.example/tx/{signature}",
        )
    )


def _pick(chance: random.Random, letters: str, count: int) -> str:
    return "".join(chance.choices(letters, k=count))
