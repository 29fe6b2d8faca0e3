"""How much one customer and one address may do, in token buckets of bounded number."""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections import OrderedDict
from logging import Logger
from typing import NamedTuple

from aiohttp import web

from ..domain.errors import RateLimited
from ..services.ports import GetSettings

_MOST_BUCKETS = 20_000
_ADDRESS_FACTOR = 10
"""An address, behind which many people may sit, may send this many times what one customer may."""

_CHECKS_PER_HOUR = 10
_PRIVACY_PER_HOUR = 10
_CODES_PER_HOUR = 30

_IPV6_SITE = 64

_WITH_PORT = re.compile(r"\[([^]]+)\](?::\d+)?|([0-9.]+):\d+")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Rate(NamedTuple):
    """So many tokens, which fill up again over so many seconds, under a key."""

    key: str
    tokens: int
    seconds: float


class Buckets:
    """Token buckets by key; the least recently used go first when there are too many."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, *rates: Rate) -> None:
        """Take a token of each, or of none.

        Raises:
            RateLimited: with the seconds after which there is one again.
        """
        now = time.monotonic()
        found = [(rate, self._tokens(rate, now)) for rate in rates]
        for rate, tokens in found:
            if tokens < 1:
                self._buckets.move_to_end(rate.key)  # whoever is refused must not be forgotten first
                raise RateLimited(retry_after=math.ceil((1 - tokens) * rate.seconds / rate.tokens))
        for rate, tokens in found:
            self._buckets.pop(rate.key, None)
            self._buckets[rate.key] = (tokens - 1, now)
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)

    def _tokens(self, rate: Rate, now: float) -> float:
        tokens, then = self._buckets.get(rate.key, (float(rate.tokens), now))
        return min(float(rate.tokens), tokens + (now - then) * rate.tokens / rate.seconds)


class Limits:
    """Applies the operator's limits to requests."""

    def __init__(self, settings: GetSettings, log: Logger) -> None:
        self._settings, self._log = settings, log
        self._buckets = Buckets()
        self.saw_untrusted_proxy = False
        """Somebody who is not in trusted_proxies sent X-Forwarded-For."""

    def count_session(self, request: web.Request) -> None:
        """Count a new session. Raises RateLimited."""
        per_hour = self._settings().limits.sessions_per_hour
        self._buckets.take(Rate(f"session {self.get_site(request)}", per_hour, 3600))

    def count_message(self, request: web.Request, customer_id: str) -> None:
        """Count a message. Raises RateLimited."""
        per_minute = self._settings().limits.messages_per_minute
        self._buckets.take(
            Rate(f"customer {customer_id}", per_minute, 60),
            Rate(f"address {self.get_site(request)}", per_minute * _ADDRESS_FACTOR, 60),
        )

    def count_sign_in(self, request: web.Request, session_id: str) -> None:
        """Count an attempt to sign in, or to be given a text for it. Raises RateLimited."""
        per_minute = self._settings().limits.messages_per_minute
        self._buckets.take(
            Rate(f"sign-in {session_id}", per_minute, 60),
            Rate(f"sign-in address {self.get_site(request)}", per_minute * _ADDRESS_FACTOR, 60),
        )

    def count_account(self, account: str) -> None:
        """Count one who has proven an account; nobody else can use its tokens up. Raises RateLimited."""
        self._buckets.take(Rate(f"account {account}", self._settings().limits.messages_per_minute, 60))

    def count_check(self, request: web.Request, customer_id: str) -> None:
        """Count a question about who is support; many would find names by trying. Raises RateLimited."""
        self._buckets.take(
            Rate(f"check {customer_id}", _CHECKS_PER_HOUR, 3600),
            Rate(f"check address {self.get_site(request)}", _CHECKS_PER_HOUR, 3600),
        )

    def count_privacy(self, request: web.Request, customer_id: str) -> None:
        """Count an export or an erasure, which are much work. Raises RateLimited."""
        self._buckets.take(
            Rate(f"privacy of {customer_id}", _PRIVACY_PER_HOUR, 3600),
            Rate(f"privacy from {self.get_site(request)}", _PRIVACY_PER_HOUR * _ADDRESS_FACTOR, 3600),
        )

    def count_code(self, request: web.Request) -> None:
        """Count an attempt to exchange a moderator's code. Raises RateLimited."""
        self._buckets.take(Rate(f"code {self.get_site(request)}", _CODES_PER_HOUR, 3600))

    def get_site(self, request: web.Request) -> str:
        """Return the address of the client, of IPv6 the /64, which one person has whole; empty: unknown."""
        address = self._client_address(request)
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))
        return str(address or "")

    def _client_address(self, request: web.Request) -> Address | None:
        peer = _address(request.remote or "")
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        if hops and not self._is_trusted(peer):
            self._warn_once(peer)
        # From the right: what stands further left may be made up by the client.
        while hops and self._is_trusted(peer):
            peer = _address(hops.pop())
        return peer

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._settings().trusted_proxies)

    def _warn_once(self, peer: Address | None) -> None:
        if not self.saw_untrusted_proxy:
            self.saw_untrusted_proxy = True
            self._log.warning(
                "%s sends X-Forwarded-For but is not in trusted_proxies: the header is not used", peer
            )


def _address(text: str) -> Address | None:
    """Read an address as sockets and proxies write it: with a zone, with a port, as IPv4 in IPv6."""
    with_port = _WITH_PORT.fullmatch(text)
    if with_port:
        text = with_port[1] or with_port[2]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
