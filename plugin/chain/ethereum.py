"""What the services ask of Ethereum, in one place."""

from __future__ import annotations

from aiohttp import ClientSession

from . import signatures
from .contracts import ContractWallets

MISSING = signatures.MISSING
"""The Python package that must be installed before a wallet can sign in; None: it is."""


class Ethereum:
    """The services' port to Ethereum."""

    def __init__(self, http: ClientSession) -> None:
        self._contracts = ContractWallets(http)

    def checksum(self, address: str) -> str:
        """Return an address as EIP-55 writes it."""
        return signatures.checksum(address)

    def recover(self, text: str, signature: bytes) -> str:
        """Return the address whose key signed a text. Raises SignatureRefused."""
        return signatures.recover(text, signature)

    def derives_address(self, key: bytes, account: str) -> bool:
        """Tell whether a private key is that of an account."""
        return signatures.derives_address(key, account)

    async def check_contract(
        self, url: str, chain_id: int, address: str, text: str, signature: bytes
    ) -> None:
        """Return if a contract wallet takes a signature for its own. Raises SignatureRefused, Unavailable."""
        await self._contracts.check(url, chain_id, address, signatures.hash_message(text), signature)


def open_ethereum(http: ClientSession) -> Ethereum | None:
    """Return the port; None where `MISSING` is not installed."""
    return None if MISSING else Ethereum(http)
