"""How much one customer and one address may do."""

from __future__ import annotations

import logging
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from plugin.config import Settings, parse_settings
from plugin.domain.errors import RateLimited
from plugin.web import limits as module
from plugin.web.limits import Buckets, Limits, Rate

LOG = logging.getLogger("headset.test")
CLIENT = "198.51.100.7"
OTHER = "203.0.113.9"


class Watch:
    """Stands in for the machine's own clock."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """Return the seconds it stands at."""
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=watch.monotonic))
    return watch


def refused(take: Callable[[], object]) -> int:
    """Return after how many seconds a refused client may come again."""
    with pytest.raises(RateLimited) as caught:
        take()
    wait = caught.value.members["retry_after"]
    assert isinstance(wait, int)
    return wait


# Buckets


def test_a_bucket_gives_its_tokens_and_no_more(watch: Watch) -> None:
    buckets = Buckets()
    for _ in range(5):
        buckets.take(Rate("a", 5, 60))
    assert refused(lambda: buckets.take(Rate("a", 5, 60))) == 12


def test_each_key_has_a_bucket_of_its_own(watch: Watch) -> None:
    buckets = Buckets()
    buckets.take(Rate("a", 1, 60))
    buckets.take(Rate("b", 1, 60))
    refused(lambda: buckets.take(Rate("a", 1, 60)))
    refused(lambda: buckets.take(Rate("b", 1, 60)))


def test_tokens_come_back_one_by_one(watch: Watch) -> None:
    buckets = Buckets()
    for _ in range(4):
        buckets.take(Rate("a", 4, 60))
    watch.seconds += 14.9
    assert refused(lambda: buckets.take(Rate("a", 4, 60))) == 1
    watch.seconds += 0.2
    buckets.take(Rate("a", 4, 60))
    assert refused(lambda: buckets.take(Rate("a", 4, 60))) == 15


def test_a_bucket_never_holds_more_than_its_count(watch: Watch) -> None:
    buckets = Buckets()
    buckets.take(Rate("a", 2, 60))
    watch.seconds += 100_000
    buckets.take(Rate("a", 2, 60))
    buckets.take(Rate("a", 2, 60))
    refused(lambda: buckets.take(Rate("a", 2, 60)))


def test_asking_in_vain_costs_nothing(watch: Watch) -> None:
    buckets = Buckets()
    buckets.take(Rate("a", 1, 60))
    for _ in range(50):
        watch.seconds += 1
        refused(lambda: buckets.take(Rate("a", 1, 60)))
    watch.seconds += 10
    buckets.take(Rate("a", 1, 60))


def test_a_smaller_limit_holds_at_once(watch: Watch) -> None:
    buckets = Buckets()
    buckets.take(Rate("a", 100, 60))
    buckets.take(Rate("a", 2, 60))
    buckets.take(Rate("a", 2, 60))
    refused(lambda: buckets.take(Rate("a", 2, 60)))


@given(st.integers(1, 300), st.sampled_from([60.0, 3600.0]), st.floats(0, 1))
def test_whoever_waits_as_told_gets_through(count: int, seconds: float, moment: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        watch = Watch()
        patch.setattr(module, "time", SimpleNamespace(monotonic=watch.monotonic))
        buckets = Buckets()
        for _ in range(count):
            buckets.take(Rate("a", count, seconds))
        watch.seconds += moment * seconds / count * 0.99
        wait = refused(lambda: buckets.take(Rate("a", count, seconds)))
        assert 1 <= wait <= seconds / count + 1
        # A hair more, as no answer takes no time.
        watch.seconds += wait + 0.001
        buckets.take(Rate("a", count, seconds))


def test_the_number_of_buckets_is_bounded_and_the_least_used_goes_first(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BUCKETS", 3)
    buckets = Buckets()
    for key in ("a", "b", "c"):
        buckets.take(Rate(key, 1, 60))
    refused(lambda: buckets.take(Rate("a", 1, 60)))
    buckets.take(Rate("d", 1, 60))
    # b was the one longest unused: it starts anew. a was asked for since, and is still empty.
    refused(lambda: buckets.take(Rate("a", 1, 60)))
    refused(lambda: buckets.take(Rate("d", 1, 60)))
    buckets.take(Rate("b", 1, 60))


def test_a_bucket_that_is_used_again_is_not_the_first_to_go(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BUCKETS", 2)
    buckets = Buckets()
    for key in ("a", "b", "a", "c"):
        buckets.take(Rate(key, 2, 60))
    refused(lambda: buckets.take(Rate("a", 2, 60)))


def test_a_flood_of_addresses_does_not_fill_the_memory(watch: Watch) -> None:
    assert 1000 <= module._MOST_BUCKETS <= 100_000
    buckets = Buckets()
    tracemalloc.start()
    try:
        for i in range(module._MOST_BUCKETS):
            buckets.take(Rate(f"address {i}", 1, 60))
        full, _ = tracemalloc.get_traced_memory()
        for i in range(module._MOST_BUCKETS):
            buckets.take(Rate(f"address x{i}", 1, 60))
        assert tracemalloc.get_traced_memory()[0] < full * 1.5
    finally:
        tracemalloc.stop()


# Whose address counts


def request_from(peer: str, *forwarded: str) -> web.Request:
    """Return a request of a peer; each `forwarded` is one header, as proxies may send several."""
    headers = CIMultiDict(("X-Forwarded-For", value) for value in forwarded)
    request = make_mocked_request("POST", "/v1/sessions", headers=headers)
    return request.clone(remote=peer)


@pytest.fixture
def settings(base_data: Any) -> Settings:
    """Give settings with one session an hour, and with proxies."""
    base_data["limits"]["sessions_per_hour"] = 1
    base_data["trusted_proxies"] = ["127.0.0.1", "::1", "10.0.0.0/8"]
    return parse_settings(base_data)


@pytest.fixture
def limits(settings: Settings, watch: Watch) -> Limits:
    return Limits(lambda: settings, LOG)


def are_one(limits: Limits, first: web.Request, second: web.Request) -> bool:
    """Tell whether two requests count as one site's."""
    limits.count_session(first)
    try:
        limits.count_session(second)
    except RateLimited:
        return True
    return False


SAME = [
    pytest.param((CLIENT,), (CLIENT,), id="the same peer"),
    pytest.param(("127.0.0.1", CLIENT), (CLIENT,), id="through a proxy and direct"),
    pytest.param(("127.0.0.1", CLIENT), ("::1", CLIENT), id="through two proxies"),
    pytest.param(("127.0.0.1", f"{CLIENT}, 10.1.2.3"), (CLIENT,), id="through a chain of proxies"),
    pytest.param(("127.0.0.1", CLIENT, "10.1.2.3"), (CLIENT,), id="a chain in several headers"),
    pytest.param(("127.0.0.1", f"6.6.6.6, {CLIENT}"), (CLIENT,), id="something made up on the left"),
    pytest.param(("127.0.0.1", "6.6.6.6", CLIENT), (CLIENT,), id="something made up in another header"),
    pytest.param(
        ("127.0.0.1", f"6.6.6.6, 10.9.9.9, {CLIENT}"), (CLIENT,), id="a trusted address made up on the left"
    ),
    pytest.param(("127.0.0.1", f"junk, {CLIENT}"), (CLIENT,), id="junk on the left"),
    pytest.param(("127.0.0.1", f"  {CLIENT} ,, "), (CLIENT,), id="spaces and empty hops"),
    pytest.param((CLIENT, "6.6.6.6"), (CLIENT, "7.7.7.7"), id="an untrusted peer that makes up addresses"),
    pytest.param(("127.0.0.1", "10.1.2.3"), ("10.1.2.3",), id="nothing but proxies"),
    pytest.param(("2001:db8:1:2::1",), ("2001:db8:1:2:ffff::9",), id="one /64"),
    pytest.param(("127.0.0.1", "2001:db8:1:2::1"), ("2001:db8:1:2::2",), id="one /64, through a proxy"),
    pytest.param((f"::ffff:{CLIENT}",), (CLIENT,), id="IPv4 in IPv6"),
    pytest.param(("127.0.0.1", f"::ffff:{CLIENT}"), (CLIENT,), id="IPv4 in IPv6, through a proxy"),
    pytest.param(("fe80::1%eth0",), ("fe80::1",), id="with a zone"),
]
DIFFERENT = [
    pytest.param((CLIENT,), (OTHER,), id="two peers"),
    pytest.param(("127.0.0.1", CLIENT), ("127.0.0.1", OTHER), id="two clients of one proxy"),
    pytest.param(
        ("127.0.0.1", f"{CLIENT}, 10.1.2.3"), ("127.0.0.1", f"{OTHER}, 10.1.2.3"), id="of one chain"
    ),
    pytest.param(("127.0.0.1",), ("10.0.0.1",), id="two proxies that name nobody"),
    pytest.param(("2001:db8:1:2::1",), ("2001:db8:1:3::1",), id="two /64"),
    pytest.param((f"::ffff:{CLIENT}",), (f"::ffff:{OTHER}",), id="two IPv4 in IPv6"),
    pytest.param(("11.0.0.1", CLIENT), ("11.0.0.2", CLIENT), id="two untrusted peers that name one client"),
    pytest.param(("127.0.0.1", f"{CLIENT}, 11.0.0.1"), (CLIENT,), id="an untrusted hop in the chain"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_these_requests_count_as_one_site(limits: Limits, first: list[str], second: list[str]) -> None:
    assert are_one(limits, request_from(*first), request_from(*second))


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_these_requests_count_as_two_sites(limits: Limits, first: list[str], second: list[str]) -> None:
    assert not are_one(limits, request_from(*first), request_from(*second))


@pytest.mark.parametrize(
    ("request_", "site"),
    [
        (request_from(CLIENT), CLIENT),
        (request_from("127.0.0.1", CLIENT), CLIENT),
        (request_from(f"::ffff:{CLIENT}"), CLIENT),
        (request_from("2001:db8:1:2:ffff::9"), "2001:db8:1:2::/64"),
        (request_from(CLIENT, "6.6.6.6"), CLIENT),
        pytest.param(request_from(""), "", id="no peer"),
        pytest.param(request_from("unix"), "", id="a peer without an address"),
        pytest.param(request_from("127.0.0.1", "junk"), "", id="junk from a proxy"),
    ],
)
def test_a_site_is_an_address_and_of_ipv6_the_network_of_one_person_and_empty_where_unknown(
    limits: Limits, request_: web.Request, site: str
) -> None:
    assert limits.get_site(request_) == site


def test_a_proxy_that_is_seen_as_ipv4_in_ipv6_is_trusted_all_the_same(limits: Limits) -> None:
    proxy = "::ffff:127.0.0.1"
    assert not are_one(limits, request_from(proxy, CLIENT), request_from(proxy, OTHER))


def test_clients_whose_proxy_writes_the_port_too_are_told_apart(limits: Limits) -> None:
    first, second = request_from("127.0.0.1", f"{CLIENT}:50123"), request_from("127.0.0.1", f"{OTHER}:50123")
    assert not are_one(limits, first, second)


def test_clients_whose_proxy_writes_ipv6_in_brackets_are_told_apart(limits: Limits) -> None:
    first = request_from("127.0.0.1", "[2001:db8:1:2::1]:50123")
    second = request_from("127.0.0.1", "[2001:db8:1:3::1]")
    assert not are_one(limits, first, second)


@pytest.mark.parametrize("peer", ["", "unix"])
@pytest.mark.parametrize("forwarded", [(), (CLIENT,), ("junk",), ("127.0.0.1, junk",), ("junk, 127.0.0.1",)])
def test_a_peer_without_an_address_is_limited_too(
    limits: Limits, peer: str, forwarded: tuple[str, ...]
) -> None:
    request = request_from(peer, *forwarded)
    assert are_one(limits, request, request)


# The warning


def test_a_peer_that_is_no_trusted_proxy_and_sends_the_header_is_warned_of_once(
    limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    assert not limits.saw_untrusted_proxy
    for peer in (CLIENT, OTHER, "192.0.2.1"):
        limits.count_session(request_from(peer, "6.6.6.6"))
        assert limits.saw_untrusted_proxy
    assert len(caplog.records) == 1
    assert caplog.records[0].levelname == "WARNING"
    assert CLIENT in caplog.text
    assert "trusted_proxies" in caplog.text


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(request_from(CLIENT), id="no header"),
        pytest.param(request_from(CLIENT, ""), id="an empty header"),
        pytest.param(request_from("127.0.0.1", CLIENT), id="a trusted proxy"),
        pytest.param(request_from("127.0.0.1", f"{CLIENT}, 10.1.2.3"), id="a chain of trusted proxies"),
    ],
)
def test_nobody_is_warned_where_all_is_well(
    limits: Limits, caplog: pytest.LogCaptureFixture, request_: web.Request
) -> None:
    limits.count_session(request_)
    assert caplog.records == []
    assert not limits.saw_untrusted_proxy


def test_a_header_that_a_client_makes_up_behind_a_trusted_proxy_is_no_reason_to_warn(
    limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    limits.count_session(request_from("127.0.0.1", f"6.6.6.6, {CLIENT}"))
    assert caplog.records == []
    assert not limits.saw_untrusted_proxy


# Sessions and messages


def test_an_address_may_open_so_many_sessions_an_hour(settings: Settings, watch: Watch) -> None:
    three = replace(settings, limits=replace(settings.limits, sessions_per_hour=3))
    limits = Limits(lambda: three, LOG)
    for _ in range(3):
        limits.count_session(request_from(CLIENT))
    assert refused(lambda: limits.count_session(request_from(CLIENT))) == 1200
    limits.count_session(request_from(OTHER))
    watch.seconds += 1200
    limits.count_session(request_from(CLIENT))


@pytest.fixture
def two_a_minute(settings: Settings, watch: Watch) -> Limits:
    two = replace(settings, limits=replace(settings.limits, messages_per_minute=2))
    return Limits(lambda: two, LOG)


def test_a_customer_may_send_so_many_messages_a_minute_from_wherever(
    two_a_minute: Limits, watch: Watch
) -> None:
    two_a_minute.count_message(request_from(CLIENT), "CUST-1")
    two_a_minute.count_message(request_from(OTHER), "CUST-1")
    assert refused(lambda: two_a_minute.count_message(request_from(CLIENT), "CUST-1")) == 30
    two_a_minute.count_message(request_from(CLIENT), "CUST-2")
    watch.seconds += 30
    two_a_minute.count_message(request_from(CLIENT), "CUST-1")


def test_an_address_may_send_ten_times_what_a_customer_may(two_a_minute: Limits) -> None:
    for i in range(20):
        two_a_minute.count_message(request_from(CLIENT), f"CUST-{i}")
    assert refused(lambda: two_a_minute.count_message(request_from(CLIENT), "CUST-new")) == 3
    two_a_minute.count_message(request_from(OTHER), "CUST-new")


def test_what_an_address_is_refused_costs_the_customer_nothing(two_a_minute: Limits, watch: Watch) -> None:
    for i in range(20):
        two_a_minute.count_message(request_from(CLIENT), f"CUST-{i}")
    for _ in range(5):
        refused(lambda: two_a_minute.count_message(request_from(CLIENT), "CUST-new"))
    two_a_minute.count_message(request_from(OTHER), "CUST-new")
    two_a_minute.count_message(request_from(OTHER), "CUST-new")


def test_what_one_customer_is_refused_costs_the_others_of_the_address_nothing(two_a_minute: Limits) -> None:
    two_a_minute.count_message(request_from(CLIENT), "CUST-1")
    two_a_minute.count_message(request_from(CLIENT), "CUST-1")
    for _ in range(50):
        refused(lambda: two_a_minute.count_message(request_from(CLIENT), "CUST-1"))
    two_a_minute.count_message(request_from(CLIENT), "CUST-2")


def test_a_customer_may_ask_ten_times_an_hour_who_is_support_from_wherever(
    limits: Limits, watch: Watch
) -> None:
    for number in range(10):
        limits.count_check(request_from(f"198.51.100.{number}"), "CUST-1")
    with pytest.raises(RateLimited):
        limits.count_check(request_from(OTHER), "CUST-1")
    limits.count_check(request_from(OTHER), "CUST-2")
    watch.seconds += 360
    limits.count_check(request_from(OTHER), "CUST-1")


def test_an_address_may_ask_ten_times_an_hour_who_is_support_for_whomever(limits: Limits) -> None:
    for number in range(10):
        limits.count_check(request_from(CLIENT), f"CUST-{number}")
    with pytest.raises(RateLimited):
        limits.count_check(request_from(CLIENT), "CUST-10")


def test_sessions_and_messages_are_counted_apart(two_a_minute: Limits) -> None:
    two_a_minute.count_session(request_from(CLIENT))
    two_a_minute.count_message(request_from(CLIENT), "CUST-1")


def test_new_settings_hold_at_once(settings: Settings, watch: Watch) -> None:
    current = [settings]
    limits = Limits(lambda: current[0], LOG)
    limits.count_session(request_from(CLIENT))
    refused(lambda: limits.count_session(request_from("127.0.0.1", CLIENT)))
    current[0] = replace(settings, trusted_proxies=())
    limits.count_session(request_from("127.0.0.1", CLIENT))
