"""Wallets: a text to sign, and whose signature it is that comes back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from ..db.database import Database
from ..domain.errors import Forbidden, Invalid
from ..domain.model import Challenge, Customer, Session
from ..domain.siwe import NONCE_LASTS, NotSiwe, SiweText, Wanted, check, compose, parse
from .identity import Proof
from .ports import Clock, Ethereum, GetSettings, SignatureRefused

_NONCE_BYTES = 16
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{40}")
_SIGNATURE = re.compile(r"0x(?:[0-9A-Fa-f]{2}){1,8192}")

_WHY = {
    "domain": "the text is for another site",
    "scheme": "the text is for another site",
    "address": "the text is for another account",
    "uri": "the text is for another site",
    "chain_id": "the text is for another chain",
    "nonce": "this desk has not given it out",
    "issued_at": "it is more than 5 minutes away",
    "expiration_time": "its time is over",
    "not_before": "its time has not come",
    "used": "the text was used before",
    "session": "the text was given to another session",
    "origin": "the text is not for this site",
    "text": "it is not the text that was given out",
}


class WalletService:
    """Gives texts out, and takes them back signed."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        settings: GetSettings,
        ethereum: Ethereum | None,
        missing: str | None,
        is_allowed: Callable[[str], bool],
    ) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._ethereum, self._is_allowed = ethereum, is_allowed
        self.missing = missing
        """The Python package for the lack of which the feature is off."""

    @property
    def chains(self) -> tuple[int, ...]:
        """The chains whose wallets may sign in; none where the feature is off."""
        return self._settings().identity.wallet_chains if self._ethereum else ()

    def derives(self, customer: Customer, key: bytes) -> bool:
        """Tell whether a private key of 32 bytes is that of the customer's own wallet."""
        if self._ethereum is None or customer.identity != "wallet" or not customer.account:
            return False
        return self._ethereum.derives_address(key, customer.account)

    async def make_challenge(self, session: Session, address: str, chain_id: int, origin: str) -> Challenge:
        """Give out a text for a wallet to sign in the page of `origin`.

        Raises:
            Invalid: the address is none.
            Forbidden: no wallet of this chain may sign in.
        """
        address = self._read_address(address)
        if chain_id not in self.chains:
            raise _refusal("chain_id", "no wallet of this chain may sign in here")
        now, nonce = self._clock.now(), secrets.token_hex(_NONCE_BYTES)
        wanted = Wanted(origin=origin, address=address, chain_id=chain_id, nonce=nonce)
        challenge = Challenge(
            nonce=nonce,
            session_id=session.id,
            origin=origin,
            account=_account(chain_id, address),
            message=compose(wanted, now),
            expires_at=now + NONCE_LASTS,
        )
        async with self._database.transaction() as tx:
            await tx.identities.add_challenge(challenge)
        return challenge

    async def verify(self, session: Session, message: str, signature: str, site: str | None) -> Proof:
        """Return what a signed text proves; its nonce is used up by signing in with the proof.

        `site` is the origin that the request comes from, None where it is our own.

        Raises:
            Forbidden: a rule is broken; `rule` names it.
            Unavailable: a contract wallet can't be asked now.
        """
        ethereum = self._get_ethereum()
        try:
            text = parse(message, ethereum.checksum)
        except NotSiwe as error:
            raise _refusal("message", str(error)) from None
        async with self._database.snapshot() as tx:
            challenge = await tx.identities.get_challenge(text.nonce)
        if challenge is None:
            raise _refusal("nonce")
        rule = self._find_broken_rule(challenge, session, text, message, site)
        if rule is not None:
            raise _refusal(rule)
        if not _SIGNATURE.fullmatch(signature):
            raise _refusal("signature", "hexadecimal digits after 0x are wanted")
        return await self._prove(ethereum, challenge, text, bytes.fromhex(signature[2:]))

    def _find_broken_rule(
        self, challenge: Challenge, session: Session, text: SiweText, message: str, site: str | None
    ) -> str | None:
        now = self._clock.now()
        chain_id, address = _parts(challenge.account)
        wanted = Wanted(origin=challenge.origin, address=address, chain_id=chain_id, nonce=challenge.nonce)
        kept = {
            "used": not challenge.is_used,
            "session": challenge.session_id == session.id,
            "origin": site in (None, challenge.origin) and self._is_allowed(challenge.origin),
            "expiration_time": now < challenge.expires_at,
            "chain_id": chain_id in self.chains,
        }
        broken = next((rule for rule, holds in kept.items() if not holds), None)
        # The text is the stored one or nothing; the rules hold for the stored one, too.
        return broken or check(text, wanted, now) or (None if message == challenge.message else "text")

    async def _prove(
        self, ethereum: Ethereum, challenge: Challenge, text: SiweText, signature: bytes
    ) -> Proof:
        account, url = challenge.account, self._settings().identity.rpc_url
        try:
            if ethereum.recover(challenge.message, signature) != text.address:
                raise SignatureRefused("it is another address's")
        except SignatureRefused as refused:
            if not url:
                raise _refusal("signature", str(refused)) from None
            try:
                await ethereum.check_contract(url, text.chain_id, text.address, challenge.message, signature)
            except SignatureRefused as contract:
                raise _refusal("signature", f"{refused}; {contract}") from None
            return Proof(identity="wallet", account=account, nonce=challenge.nonce)
        # A key is the same person's on every chain; what a contract says holds for its own chain alone.
        elsewhere = tuple(_account(chain_id, text.address) for chain_id in self.chains)
        return Proof(identity="wallet", account=account, also=elsewhere, nonce=challenge.nonce)

    def _get_ethereum(self) -> Ethereum:
        if self._ethereum is None or not self.chains:
            raise Forbidden("Signing in with a wallet is not switched on here.")
        return self._ethereum

    def _read_address(self, address: str) -> str:
        ethereum = self._get_ethereum()
        if not _ADDRESS.fullmatch(address):
            raise Invalid("address must be 0x and 40 hexadecimal digits.", field="address")
        proper = ethereum.checksum(address)
        digits = address[2:]
        # In one case throughout it carries no checksum.
        if address != proper and digits not in (digits.lower(), digits.upper()):
            raise Invalid("address is mistyped: its capitals are not as EIP-55 has them.", field="address")
        return proper


def _account(chain_id: int, address: str) -> str:
    return f"eip155:{chain_id}:{address}"


def _parts(account: str) -> tuple[int, str]:
    _, chain_id, address = account.split(":")
    return int(chain_id), address


def _refusal(rule: str, why: str | None = None) -> Forbidden:
    field = "signature" if rule == "signature" else "message"
    return Forbidden(f"{rule}: {why or _WHY[rule]}", field=field, rule=rule)
