"""Making an authorisation key, the server's side (core.telegram.org/mtproto/auth_key)."""

from __future__ import annotations

import hashlib
import math
import os
import time
from pathlib import Path
from typing import NamedTuple

import rsa
import rsa.core
import rsa.key
import rsa.prime
import rsa.randnum
from telethon import helpers
from telethon.crypto import AES, AuthKey
from telethon.crypto.rsa import _compute_fingerprint, get_byte_array
from telethon.extensions import BinaryReader
from telethon.tl import TLObject, functions, types

from .crypto import ProtocolError

GENERATOR = 3
DH_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DB"
    "FA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B41"
    "0DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF"
    "6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
"""The prime that Telegram's own servers use; clients check it."""

PQ = 500_009 * 1_000_003
"""The client's proof of work is to factor this: small primes, as nobody has to be kept busy here, and a
first bit of 0, as Telethon takes it for a sign."""

RSA_BITS = 2048
SIEVE = math.prod(number for number in range(3, 2000, 2) if all(number % d for d in range(3, number, 2)))
"""The product of the small odd primes."""


class ServerKey:
    """The data centre's RSA key, which its clients trust in place of Telegram's."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            _make_key_files(path)
        self._private = rsa.PrivateKey.load_pkcs1(path.read_bytes())
        self.fingerprint: int = _compute_fingerprint(rsa.PublicKey(self._private.n, self._private.e))

    def decrypt(self, data: bytes) -> bytes:
        """Return what RSA_PAD's older form holds: SHA-1, then the data, then padding."""
        number = rsa.core.decrypt_int(int.from_bytes(data, "big"), self._private.d, self._private.n)
        return number.to_bytes(255, "big")


def _make_key_files(path: Path) -> None:
    p, q, e, d = rsa.key.gen_keys(RSA_BITS, _find_prime)
    path.with_name(path.name + ".pub").write_bytes(rsa.PublicKey(p * q, e).save_pkcs1())
    # The private half last: if it is there, both are.
    path.write_bytes(rsa.PrivateKey(p * q, e, d, p, q).save_pkcs1())
    path.chmod(0o600)


def _find_prime(bits: int) -> int:
    # rsa.newkeys tests every odd number: several seconds of a first start, where a sieve needs a part of one.
    while True:
        candidate: int = rsa.randnum.read_random_odd_int(bits)
        if math.gcd(candidate, SIEVE) == 1 and rsa.prime.is_prime(candidate):
            return candidate


class Answer(NamedTuple):
    """What to send back, and the key if it is now agreed on."""

    reply: TLObject
    auth_key: AuthKey | None = None


class Handshake:
    """One client's way to an authorisation key, in three questions."""

    def __init__(self, server_key: ServerKey) -> None:
        self._server_key = server_key
        self._server_nonce = 0
        self._new_nonce = 0
        self._secret = 0

    def answer(self, question: TLObject) -> Answer:
        """Answer one unencrypted question; raises ProtocolError."""
        if isinstance(question, (functions.ReqPqMultiRequest, functions.ReqPqRequest)):
            return Answer(self._answer_pq(question))
        if isinstance(question, functions.ReqDHParamsRequest):
            return Answer(self._answer_dh_params(question))
        if isinstance(question, functions.SetClientDHParamsRequest):
            return self._finish(question)
        raise ProtocolError(f"unexpected unencrypted {type(question).__name__}")

    def _answer_pq(self, question: TLObject) -> TLObject:
        self._server_nonce = int.from_bytes(os.urandom(16), "big", signed=True)
        fingerprints = [self._server_key.fingerprint]
        return types.ResPQ(question.nonce, self._server_nonce, get_byte_array(PQ), fingerprints)

    def _answer_dh_params(self, question: TLObject) -> TLObject:
        inner = _read_after_sha1(self._server_key.decrypt(question.encrypted_data))
        self._new_nonce = inner.new_nonce
        self._secret = int.from_bytes(os.urandom(256), "big")
        data = bytes(
            types.ServerDHInnerData(
                nonce=question.nonce,
                server_nonce=question.server_nonce,
                g=GENERATOR,
                dh_prime=get_byte_array(DH_PRIME),
                g_a=get_byte_array(pow(GENERATOR, self._secret, DH_PRIME)),
                server_time=int(time.time()),
            )
        )
        data = hashlib.sha1(data).digest() + data
        data += os.urandom(-len(data) % 16)
        sealed = AES.encrypt_ige(data, *self._temporary_key())
        return types.ServerDHParamsOk(question.nonce, question.server_nonce, sealed)

    def _finish(self, question: TLObject) -> Answer:
        inner = _read_after_sha1(AES.decrypt_ige(question.encrypted_data, *self._temporary_key()))
        shared = pow(int.from_bytes(inner.g_b, "big"), self._secret, DH_PRIME)
        # Without leading zeros, as Telethon does: one handshake in 256 would fail otherwise.
        auth_key = AuthKey(get_byte_array(shared))
        proof = auth_key.calc_new_nonce_hash(self._new_nonce, 1)
        return Answer(types.DhGenOk(question.nonce, question.server_nonce, proof), auth_key)

    def _temporary_key(self) -> tuple[bytes, bytes]:
        key, iv = helpers.generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        return key, iv


def _read_after_sha1(data: bytes) -> TLObject:
    return BinaryReader(data[20:]).tgread_object()
