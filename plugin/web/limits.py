"""How much one customer and one address may do, in token buckets of bounded number."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from logging import Logger

from aiohttp import web

from ..domain.errors import RateLimited
from ..services.ports import GetSettings

_MOST_BUCKETS = 20_000
_ADDRESS_FACTOR = 10
"""An address, behind which many people may sit, may send this many times what one customer may."""

_IPV6_SITE = 64

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Buckets:
    """Token buckets by key; the least recently used go first when there are too many."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, count: int, seconds: float) -> None:
        """Take one of `count` tokens that fill up again over `seconds`.

        Raises:
            RateLimited: with the seconds after which there is one again.
        """
        now, rate = time.monotonic(), count / seconds
        tokens, then = self._buckets.pop(key, (float(count), now))
        tokens = min(float(count), tokens + (now - then) * rate)
        if tokens < 1:
            self._put(key, tokens, now)
            raise RateLimited(retry_after=math.ceil((1 - tokens) / rate))
        self._put(key, tokens - 1, now)

    def _put(self, key: str, tokens: float, now: float) -> None:
        self._buckets[key] = (tokens, now)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)


class Limits:
    """Applies the operator's limits to requests."""

    def __init__(self, settings: GetSettings, log: Logger) -> None:
        self._settings, self._log = settings, log
        self._buckets = Buckets()
        self._warned = False

    def count_session(self, request: web.Request) -> None:
        """Count a new session. Raises RateLimited."""
        per_hour = self._settings().limits.sessions_per_hour
        self._buckets.take(f"session {self._site(request)}", per_hour, 3600)

    def count_message(self, request: web.Request, customer_id: str) -> None:
        """Count a message. Raises RateLimited."""
        per_minute = self._settings().limits.messages_per_minute
        self._buckets.take(f"address {self._site(request)}", per_minute * _ADDRESS_FACTOR, 60)
        self._buckets.take(f"customer {customer_id}", per_minute, 60)

    def _site(self, request: web.Request) -> str:
        """Return the address a request comes from; of IPv6 the /64, which one person has whole."""
        address = self._client_address(request)
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped:
                return str(address.ipv4_mapped)
            return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))
        return str(address)

    def _client_address(self, request: web.Request) -> Address | None:
        peer = _address(request.remote or "")
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        for hop in reversed([hop.strip() for hop in forwarded if hop.strip()]):
            if peer is None or not self._is_trusted(peer):
                self._warn_once(peer)
                return peer
            # From the right: what stands further left may be made up by the client.
            peer = _address(hop)
        return peer

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._settings().trusted_proxies)

    def _warn_once(self, peer: Address | None) -> None:
        if not self._warned:
            self._warned = True
            self._log.warning(
                "%s sends X-Forwarded-For but is not in trusted_proxies: the header is not used", peer
            )


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
