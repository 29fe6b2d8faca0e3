"""MTProto 2.0 encryption of one message (core.telegram.org/mtproto/description)."""

from __future__ import annotations

import hashlib
import os
import struct
from typing import NamedTuple

from telethon.crypto import AES, AuthKey

FROM_CLIENT, FROM_SERVER = 0, 8
"""The offset x in the authorisation key, which differs by direction."""

HEADER = struct.Struct("<qqqii")


class ProtocolError(Exception):
    """The client's bytes are not MTProto."""


class PlainMessage(NamedTuple):
    """What was inside of an encrypted packet."""

    salt: int
    session_id: int
    message_id: int
    body: bytes


def encrypt(auth_key: AuthKey, message: PlainMessage, sequence: int) -> bytes:
    """Return the packet of a message from the server."""
    head = HEADER.pack(message.salt, message.session_id, message.message_id, sequence, len(message.body))
    data = head + message.body
    # 12 bytes of padding at least, and whole AES blocks.
    data += os.urandom(-(len(data) + 12) % 16 + 12)
    message_key = _message_key(auth_key.key, data, FROM_SERVER)
    sealed: bytes = AES.encrypt_ige(data, *_derive(auth_key.key, message_key, FROM_SERVER))
    return struct.pack("<Q", auth_key.key_id) + message_key + sealed


def decrypt(auth_key: AuthKey, packet: bytes) -> PlainMessage:
    """Return the message in a packet from the client; raises ProtocolError."""
    message_key = packet[8:24]
    data = AES.decrypt_ige(packet[24:], *_derive(auth_key.key, message_key, FROM_CLIENT))
    if _message_key(auth_key.key, data, FROM_CLIENT) != message_key:
        raise ProtocolError("wrong msg_key")
    salt, session_id, message_id, _, length = HEADER.unpack_from(data)
    return PlainMessage(salt, session_id, message_id, data[HEADER.size : HEADER.size + length])


def _message_key(key: bytes, data: bytes, x: int) -> bytes:
    return hashlib.sha256(key[88 + x : 120 + x] + data).digest()[8:24]


def _derive(key: bytes, message_key: bytes, x: int) -> tuple[bytes, bytes]:
    a = hashlib.sha256(message_key + key[x : x + 36]).digest()
    b = hashlib.sha256(key[x + 40 : x + 76] + message_key).digest()
    return a[:8] + b[8:24] + a[24:32], b[:8] + a[8:24] + b[24:32]
