"""One client's TCP connection: "full" framing, encryption, containers, answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
import time
from zlib import crc32

from telethon.extensions import BinaryReader
from telethon.tl import TLObject, functions, types
from telethon.tl.core import GzipPacked, MessageContainer

from .crypto import PlainMessage, ProtocolError, decrypt, encrypt
from .delivery import Delivery, KnownKey
from .handshake import Handshake, ServerKey
from .rpc import RpcServer, encode_result

log = logging.getLogger(__name__)

MAX_PACKET = 2**24
UNKNOWN_KEY = struct.pack("<i", -404)
RPC_RESULT = 0xF35C6D01
BY_RESPONSE, BY_SERVER = 1, 3
"""The lowest two bits of a server's message id: an answer, or its own word."""


class Connection:
    """Reads packets until the client hangs up; several may belong to one client."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_key: ServerKey,
        delivery: Delivery,
        rpc: RpcServer,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._delivery = delivery
        self._rpc = rpc
        self._handshake = Handshake(server_key)
        self._known: KnownKey | None = None
        self._salt = self._session_id = 0
        self._packets_sent = self._contents_sent = self._last_message_id = 0
        self._muted = False
        self._unacknowledged: dict[int, bytes] = {}
        self._answers: set[asyncio.Task[None]] = set()

    # What the methods and the delivery know of a connection.
    @property
    def key_id(self) -> int:
        return self._known.auth_key.key_id if self._known else 0

    @property
    def authorised(self) -> bool:
        return self._known is not None and self._known.authorised

    @property
    def wants_updates(self) -> bool:
        return self.authorised and self._session_id != 0 and not self._muted

    def authorise(self) -> None:
        self._delivery.authorise(self.key_id)

    def mute_updates(self) -> None:
        self._muted = True

    def forget_missed_updates(self) -> None:
        self._delivery.forget_waiting(self.key_id)

    async def send_update(self, body: bytes) -> None:
        """Send an update, and remember it until the client acknowledges it."""
        message_id = self._next_message_id(BY_SERVER)
        self._unacknowledged[message_id] = body
        await self._send(message_id, body, is_content=True)

    def take_unacknowledged(self) -> list[bytes]:
        bodies, self._unacknowledged = list(self._unacknowledged.values()), {}
        return bodies

    def close(self) -> None:
        self._writer.close()

    # Reading.
    async def serve(self) -> None:
        """Serve the client until the connection ends."""
        self._delivery.attach(self)
        try:
            while True:
                await self._take_packet(await self._read_packet())
        except (asyncio.IncompleteReadError, ConnectionError):
            log.debug("client hung up")
        except ProtocolError as error:
            log.warning("cut a connection: %s", error)
        except Exception:
            log.exception("cut a connection that sent what could not be read")
        finally:
            self._delivery.detach(self)
            self.close()

    async def _read_packet(self) -> bytes:
        head = await self._reader.readexactly(8)
        (length,) = struct.unpack_from("<i", head)
        if not 12 <= length <= MAX_PACKET:
            raise ProtocolError(f"packet of {length} bytes")
        rest = await self._reader.readexactly(length - 8)
        payload, checksum = rest[:-4], struct.unpack("<I", rest[-4:])[0]
        if crc32(head + payload) != checksum:
            raise ProtocolError("wrong checksum")
        return payload

    async def _take_packet(self, packet: bytes) -> None:
        if len(packet) < 24:
            raise ProtocolError("short packet")
        (key_id,) = struct.unpack_from("<Q", packet)
        if key_id == 0:
            await self._take_handshake(BinaryReader(packet[20:]).tgread_object())
            return
        self._known = self._delivery.get_key(key_id)
        if self._known is None:
            await self._write_packet(UNKNOWN_KEY)
            return
        message = decrypt(self._known.auth_key, packet)
        self._salt, self._session_id = message.salt, message.session_id
        await self._take_message(message.message_id, BinaryReader(message.body).tgread_object())

    async def _take_handshake(self, question: TLObject) -> None:
        reply, auth_key = self._handshake.answer(question)
        if auth_key is not None:
            self._known = self._delivery.add_key(auth_key)
        body = bytes(reply)
        head = struct.pack("<qqi", 0, self._next_message_id(BY_RESPONSE), len(body))
        await self._write_packet(head + body)

    async def _take_message(self, message_id: int, content: TLObject) -> None:
        if isinstance(content, MessageContainer):
            for inner in content.messages:
                await self._take_message(inner.msg_id, inner.obj)
        elif isinstance(content, GzipPacked):
            await self._take_message(message_id, BinaryReader(content.data).tgread_object())
        elif isinstance(content, types.MsgsAck):
            for acknowledged in content.msg_ids:
                self._unacknowledged.pop(acknowledged, None)
        elif isinstance(content, (functions.PingRequest, functions.PingDelayDisconnectRequest)):
            pong = types.Pong(message_id, content.ping_id)
            await self._send(self._next_message_id(BY_RESPONSE), bytes(pong), is_content=False)
        elif not isinstance(content, (types.MsgsStateReq, types.HttpWait)):
            # Each in a task of its own: one delayed by a fault must not hold up the others.
            task = asyncio.create_task(self._answer(message_id, content))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _answer(self, message_id: int, request: TLObject) -> None:
        result = await self._rpc.call(self, request)
        body = struct.pack("<Iq", RPC_RESULT, message_id) + encode_result(result)
        with contextlib.suppress(ConnectionError):
            await self._send(self._next_message_id(BY_RESPONSE), body, is_content=True)
        if self.authorised:
            await self._delivery.send_waiting(self)

    # Writing.
    async def _send(self, message_id: int, body: bytes, *, is_content: bool) -> None:
        assert self._known is not None, "nothing encrypted is sent before there is a key"
        sequence = self._contents_sent * 2 + is_content
        self._contents_sent += is_content
        message = PlainMessage(self._salt, self._session_id, message_id, body)
        await self._write_packet(encrypt(self._known.auth_key, message, sequence))

    async def _write_packet(self, payload: bytes) -> None:
        packet = struct.pack("<ii", len(payload) + 12, self._packets_sent) + payload
        self._packets_sent += 1
        self._writer.write(packet + struct.pack("<I", crc32(packet)))
        # A client that is gone is noticed by the reading side.
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def _next_message_id(self, lowest_bits: int) -> int:
        seconds, fraction = divmod(time.time(), 1)
        by_clock = (int(seconds) << 32) | (int(fraction * 2**32) & ~3)
        self._last_message_id = max(by_clock, self._last_message_id + 4)
        return self._last_message_id | lowest_bits
