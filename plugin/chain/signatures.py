"""Who signed a text: EIP-191 signatures of secp256k1 keys, and addresses as EIP-55 writes them."""

from __future__ import annotations

from ..services.ports import SignatureRefused

try:
    from coincurve import PrivateKey, PublicKey
    from Crypto.Hash import keccak
except ImportError as error:
    MISSING: str | None = "pycryptodome" if (error.name or "").startswith("Crypto") else "coincurve"
    """The package without which nothing here works; None: all are there."""
else:
    MISSING = None

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""How many points the curve has; r and s lie below."""
_LENGTH, _KEY_LENGTH = 65, 32
_PARITY = {0: 0, 1: 1, 27: 0, 28: 1}
"""The values of v that wallets give, and which of two points each means."""


def keccak256(data: bytes) -> bytes:
    """Return Ethereum's hash, which is not NIST's SHA-3."""
    return keccak.new(digest_bits=256, data=data).digest()


def hash_message(text: str) -> bytes:
    """Return what `personal_sign` signs of a text (EIP-191, version 0x45)."""
    data = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n%d%s" % (len(data), data))


def checksum(address: str) -> str:
    """Return an address, `0x` and 40 hexadecimal digits, with the capitals that EIP-55 gives it."""
    digits = address[2:].lower()
    digest = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit
        for digit, nibble in zip(digits, digest[:40], strict=True)
    )


def recover(text: str, signature: bytes) -> str:
    """Return the address whose key signed a text.

    Raises:
        SignatureRefused: no wallet gives such a signature, or no key.
    """
    if len(signature) != _LENGTH:
        raise SignatureRefused(f"{_LENGTH} bytes are wanted, {len(signature)} were given")
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    if not 0 < r < _ORDER or not 0 < s < _ORDER:
        raise SignatureRefused("r and s must lie on the curve")
    if s > _ORDER // 2:
        # The mirror image of a signature, which anybody can make of it (EIP-2).
        raise SignatureRefused("s must be in the lower half")
    if signature[64] not in _PARITY:
        raise SignatureRefused("v must be 0, 1, 27 or 28")
    try:
        key = PublicKey.from_signature_and_message(
            signature[:64] + bytes([_PARITY[signature[64]]]), hash_message(text), hasher=None
        )
    except ValueError:
        raise SignatureRefused("no key gives this signature") from None
    return _address(key)


def derives_address(key: bytes, account: str) -> bool:
    """Tell whether a private key of 32 bytes is that of an account, named as CAIP-10 has it."""
    if len(key) != _KEY_LENGTH:
        return False
    try:
        return _address(PrivateKey(key).public_key).lower() == account.rpartition(":")[2].lower()
    except ValueError:
        return False


def _address(key: PublicKey) -> str:
    return checksum("0x" + keccak256(key.format(compressed=False)[1:])[-20:].hex())
