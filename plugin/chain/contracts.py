"""Contract wallets: their own word on a signature (ERC-1271), asked through the operator's node."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import aiohttp

from ..domain.errors import Unavailable
from ..services.ports import SignatureRefused

_TIMEOUT = aiohttp.ClientTimeout(total=5)
_RETRY_AFTER = 10
_LARGEST_ANSWER = 1024 * 1024
"""Bytes; the code of the largest contract is a twentieth of it."""

_IS_VALID_SIGNATURE = bytes.fromhex("1626ba7e")
"""The selector of `isValidSignature(bytes32,bytes)`, which is also what it answers for a valid one."""
_YES = "0x" + _IS_VALID_SIGNATURE.hex() + "00" * 28
_WRAPPED = bytes.fromhex("6492" * 16)
"""The end of a signature for a contract that is not there yet (ERC-6492)."""


_HEXADECIMAL = re.compile("0x[0-9A-Fa-f]*")


class ContractWallets:
    """Asks a node; it is believed, for the operator has chosen it."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def check(self, url: str, chain_id: int, address: str, digest: bytes, signature: bytes) -> None:
        """Return if the contract at `address` says that the signature of `digest` is its own.

        Raises:
            SignatureRefused: it does not say so, or can't be asked through this node.
            Unavailable: the node does not answer as it should.
        """
        if signature.endswith(_WRAPPED):
            raise SignatureRefused("a contract wallet must be deployed before it signs in (ERC-6492)")
        try:
            await asyncio.wait_for(self._check(url, chain_id, address, digest, signature), _TIMEOUT.total)
        except (aiohttp.ClientError, asyncio.TimeoutError, _NoAnswer) as error:
            raise Unavailable("The chain can't be asked now.", retry_after=_RETRY_AFTER) from error

    async def _check(self, url: str, chain_id: int, address: str, digest: bytes, signature: bytes) -> None:
        if _number(await self._ask(url, "eth_chainId")) != chain_id:
            raise SignatureRefused("contract wallets of this chain can't be asked here")
        if not _number(await self._ask(url, "eth_getCode", address, "latest")):
            raise SignatureRefused("no contract wallet is there")
        call = {"to": address, "data": "0x" + _call_data(digest, signature).hex()}
        # A contract may also refuse by an error.
        if await self._ask(url, "eth_call", call, "latest", on_error="0x") != _YES:
            raise SignatureRefused("the contract wallet says it is not its own")

    async def _ask(self, url: str, method: str, *params: object, on_error: str | None = None) -> str:
        """Return the hexadecimal answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        async with self._http.post(url, json=body, timeout=_TIMEOUT, allow_redirects=False) as answer:
            if answer.status != 200:
                raise _NoAnswer
            document = _read(await _read_limited(answer.content))
        result = on_error if "error" in document else document.get("result")
        if not isinstance(result, str) or not _HEXADECIMAL.fullmatch(result):
            raise _NoAnswer
        return result.lower()


class _NoAnswer(Exception):
    """The node did not answer as JSON-RPC has it."""


async def _read_limited(stream: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise _NoAnswer
    return bytes(body)


def _read(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _NoAnswer
    return document


def _number(hexadecimal: str) -> int:
    return int(f"{hexadecimal}0", 16) >> 4  # an empty one, too, is nought


def _call_data(digest: bytes, signature: bytes) -> bytes:
    """Encode the call: a word, where the bytes begin, how many they are, and they, filled up to words."""
    padding = bytes(-len(signature) % 32)
    head = digest + (64).to_bytes(32, "big") + len(signature).to_bytes(32, "big")
    return _IS_VALID_SIGNATURE + head + signature + padding
