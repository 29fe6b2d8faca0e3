"""Private keys and key files, as wallets, chains and tools write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from .ed25519 import public_half
from .secret_findings import Finding

Derives = Callable[[bytes], bool]

_BASE58_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_BECH32 = "[02-9ac-hj-np-z]"

# Letters and digits in a row, at least as long as the shortest key.
_TOKEN = re.compile(r"[0-9A-Za-z]{51,}")

# What says by its form alone that it is a private key. A mistyped key gives away nearly as much as the right
# one, so checksums don't matter.
_KEY = re.compile(
    "|".join(
        [
            f"[5679]{_BASE58}{{50}}|[KLcTQX]{_BASE58}{{51}}",  # WIF: Bitcoin and its kin
            f"(?:[tuvxyzUVYZ]prv|Ltpv|Mtpv|dgpv){_BASE58}{{100,}}",  # BIP-32
            "S[A-Z2-7]{55}",  # Stellar
            f"edsk(?:{_BASE58}{{50}}|{_BASE58}{{94}})",  # Tezos
            f"(?:nsec1|suiprivkey1){_BECH32}{{50,}}",  # Nostr, Sui
        ]
    )
)
_LOCKED_KEY = re.compile(f"6P{_BASE58}{{56}}")  # BIP-38
# The same where the form has more than letters and digits in it.
_MARKED_KEY = re.compile(
    rf"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{{40,}}|(?:ed25519e?|addr|acct|root)_x?sk1{_BECH32}{{50,}}"
    rf"|secret-extended-key-main1{_BECH32}{{50,}}|PVT_(?:K1|R1)_{_BASE58}{{40,}}"
)
_PEM = re.compile("-----BEGIN [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-")
_PEM_BODY = re.compile("[0-9A-Za-z+/]{40}")
_PEM_HEADERS = 400
"""Characters that may stand between the first line of a PEM block and its body."""

_HEX32 = re.compile("(?:0[xX])?([0-9a-fA-F]{64})")
_HEX64 = re.compile("(?:0[xX])?([0-9a-fA-F]{128})")
_BASE58_64 = re.compile(f"{_BASE58}{{86,88}}")

_BYTES = re.compile(r"(?<![\d.])\d{1,3}(?:\s*,\s*\d{1,3}){31,}(?![\d.])")

_QUOTE = r"[\"'“”„«»\\\s]{0,8}"
_CIPHERTEXT = re.compile(rf"(?:ciphertext|message){_QUOTE}:{_QUOTE}[0-9a-f]{{32}}", re.IGNORECASE)
_CIPHER = re.compile(rf"\b(?:kdf|kdfparams|cipher|cipherparams|crypto){_QUOTE}:", re.IGNORECASE)
_VAULT = tuple(
    re.compile(rf"\b{name}{_QUOTE}:{_QUOTE}[0-9A-Za-z+/]{{{length}}}")
    for name, length in (("salt", 16), ("iv", 16), ("data", 40))
)

# A link to an explorer, and what the text itself calls a transaction, is not asked about: customers paste
# them all the time, and who is asked each time stops reading. What is called a secret is always asked about.
_IN_LINK = re.compile(r"(?:https?://|www\.|[a-z0-9-]\.[a-z]{2,}/)\S*$", re.IGNORECASE)
_CALLED = re.compile(
    r"(?:tx|trx|txn|hash|transa[ck]\w*|block|sha-?256|digest|checksum|commit|хеш|хэш|транзак\w*|交易|哈希)"
    r"(?:[\s_-]*(?:id|hash|number|no\.?))?(?:e?s)?(?:\s+(?:is|was|are))?[^\w.!?]*$",
    re.IGNORECASE,
)
_SECRET = re.compile(r"priv|secret|seed|key", re.IGNORECASE)
_LISTED_ON = re.compile(r"[^\w.!?]*(?:and)?[^\w.!?]*")
_BEFORE = 48
"""Characters before a number that may say what it is."""


def find_key(text: str, derives: Derives | None) -> Finding | None:
    """Return the private key or key file in `text`."""
    text = _plain(text)
    if _is_keystore(text):
        return Finding(kind="keystore", certainty="refused")
    tokens = list(_TOKEN.finditer(text))
    if any(_LOCKED_KEY.fullmatch(token[0]) for token in tokens):
        return Finding(kind="keystore", certainty="refused")
    if _is_marked(text) or any(_gives_key(token[0], derives) for token in tokens):
        return Finding(kind="key", certainty="refused")
    arrays = {len(numbers): bytes(numbers) for numbers in _byte_arrays(text)}
    if 64 in arrays or (32 in arrays and derives is not None and derives(arrays[32])):
        return Finding(kind="key", certainty="refused")
    if 32 in arrays or _is_asked(text, tokens):
        return Finding(kind="key", certainty="suspected")
    return None


def _plain(text: str) -> str:
    """Return `text` with compatibility forms made one and without invisible characters."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _is_keystore(text: str) -> bool:
    ethereum = _CIPHERTEXT.search(text) and _CIPHER.search(text)
    return bool(ethereum) or all(pattern.search(text) for pattern in _VAULT)


def _is_marked(text: str) -> bool:
    if _MARKED_KEY.search(text):
        return True
    starts = (match.end() for match in _PEM.finditer(text))
    return any(_PEM_BODY.search(text, start, start + _PEM_HEADERS) for start in starts)


def _gives_key(token: str, derives: Derives | None) -> bool:
    if _KEY.fullmatch(token):
        return True
    if (found := _HEX32.fullmatch(token)) is not None:
        return derives is not None and derives(bytes.fromhex(found[1]))
    pair = _sixty_four_bytes(token)
    return pair is not None and public_half(pair[:32]) == pair[32:]


def _sixty_four_bytes(token: str) -> bytes | None:
    if (found := _HEX64.fullmatch(token)) is not None:
        return bytes.fromhex(found[1])
    if not _BASE58_64.fullmatch(token):
        return None
    number = 0
    for digit in token:
        number = number * 58 + _BASE58_DIGITS.index(digit)
    # Leading zero bytes are written as ones; what doesn't come out at 64 bytes is something else.
    zeros = len(token) - len(token.lstrip("1"))
    length = zeros + (number.bit_length() + 7) // 8
    return number.to_bytes(64, "big") if length == 64 else None


def _byte_arrays(text: str) -> Iterator[list[int]]:
    for match in _BYTES.finditer(text):
        numbers = [int(number) for number in match[0].split(",")]
        if max(numbers) < 256 and len(set(numbers)) > len(numbers) // 2:
            yield numbers


def _is_asked(text: str, tokens: list[re.Match[str]]) -> bool:
    """Tell whether a number as long as a key stands in `text` and nothing says that it is something else."""
    end, excused = 0, False
    for token in tokens:
        if not (_HEX32.fullmatch(token[0]) or _BASE58_64.fullmatch(token[0])):
            continue
        listed_on = excused and _LISTED_ON.fullmatch(text, end, token.start()) is not None
        excused = listed_on or _is_excused(text[max(0, token.start() - _BEFORE) : token.start()])
        if not excused:
            return True
        end = token.end()
    return False


def _is_excused(before: str) -> bool:
    if _SECRET.search(before):
        return False
    return bool(_IN_LINK.search(before) or _CALLED.search(before))
