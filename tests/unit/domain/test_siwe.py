"""The text that a wallet signs: read to the letter, and each rule that it must keep."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.siwe import NotSiwe, SiweText, Wanted, check, compose, parse

NOW = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=timezone.utc)
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
WANTED = Wanted(
    origin="https://app.example.org:8443", address=ADDRESS, chain_id=1, nonce="0123456789abcdefABCD"
)
MINUTE = timedelta(minutes=1)

# The EIP's own form, with every field.
FULL = f"""\
https://app.example.org:8443 wants you to sign in with your Ethereum account:
{ADDRESS}

I accept the terms: https://app.example.org/tos?a=[b]#c

URI: https://app.example.org:8443
Version: 1
Chain ID: 1
Nonce: 0123456789abcdefABCD
Issued At: 2026-03-01T12:00:00.123Z
Expiration Time: 2026-03-01T12:05:00Z
Not Before: 2026-03-01T13:00:00+01:00
Request ID: 7%20a
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.org/my-web2-claim.json"""


def same(address: str) -> str:
    """Stand in for EIP-55: every address is written as it should be."""
    return address


def checksum(address: str) -> str:
    return ADDRESS if address.lower() == ADDRESS.lower() else address.lower()


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


# Composing


def test_the_text_is_as_the_eip_shows_it() -> None:
    assert compose(WANTED, NOW) == (
        "app.example.org:8443 wants you to sign in with your Ethereum account:\n"
        f"{ADDRESS}\n"
        "\n"
        "Sign in to the support chat and see your conversation. This costs nothing and moves nothing.\n"
        "\n"
        "URI: https://app.example.org:8443\n"
        "Version: 1\n"
        "Chain ID: 1\n"
        "Nonce: 0123456789abcdefABCD\n"
        "Issued At: 2026-03-01T12:00:00.123Z\n"
        "Expiration Time: 2026-03-01T12:05:00.123Z"
    )


@pytest.mark.parametrize(
    "origin", ["https://a.example", "http://localhost:3000", "http://[::1]:80", "https://xn--a-b.example"]
)
def test_what_is_composed_can_be_read_and_breaks_no_rule(origin: str) -> None:
    wanted = replace(WANTED, origin=origin, chain_id=2**53 - 1)
    text = parse(compose(wanted, NOW), checksum)
    assert check(text, wanted, NOW) is None
    assert text.expiration_time == NOW + 5 * MINUTE


# Reading


def test_every_field_is_read() -> None:
    assert parse(FULL, checksum) == SiweText(
        scheme="https",
        domain="app.example.org:8443",
        address=ADDRESS,
        statement="I accept the terms: https://app.example.org/tos?a=[b]#c",
        uri="https://app.example.org:8443",
        chain_id=1,
        nonce="0123456789abcdefABCD",
        issued_at=NOW,
        expiration_time=NOW.replace(minute=5, microsecond=0),
        not_before=NOW.replace(microsecond=0),
        request_id="7%20a",
        resources=(
            "ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/",
            "https://example.org/my-web2-claim.json",
        ),
    )


OPTIONAL = [
    "https://app.example.org:8443 ",
    "I accept the terms: https://app.example.org/tos?a=[b]#c\n",
    "\nExpiration Time: 2026-03-01T12:05:00Z",
    "\nNot Before: 2026-03-01T13:00:00+01:00",
    "\nRequest ID: 7%20a",
    "\n- https://example.org/my-web2-claim.json",
]


@given(st.sets(st.sampled_from(OPTIONAL)))
def test_what_is_optional_may_be_left_out(left_out: set[str]) -> None:
    text = FULL
    for field in left_out:
        kept = "app.example.org:8443 " if field is OPTIONAL[0] else ""
        text = changed(text, field, kept)
    read = parse(text, same)
    assert (read.scheme is None) == (OPTIONAL[0] in left_out)
    assert (read.statement is None) == (OPTIONAL[1] in left_out)
    assert (read.expiration_time is None) == (OPTIONAL[2] in left_out)
    assert (read.not_before is None) == (OPTIONAL[3] in left_out)
    assert (read.request_id is None) == (OPTIONAL[4] in left_out)
    assert len(read.resources) == 2 - (OPTIONAL[5] in left_out)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wants you to sign in", "wants you to log in"),
        (" wants you", "  wants you"),
        ("https://app.example.org:8443 wants", "https:// wants"),
        ("https://app.example.org:8443 wants", "https://app.example.org/x wants"),
        ("https://app.example.org:8443 wants", "https://app example.org wants"),
        ("https://app.example.org:8443 wants", "https://app\u0430.example.org wants"),
        ("https://app.example.org:8443 wants", "1https://app.example.org wants"),
        (ADDRESS, ADDRESS[:-1]),
        (ADDRESS, ADDRESS + "0"),
        (ADDRESS, ADDRESS[2:]),
        (ADDRESS, "0X" + ADDRESS[2:]),
        (ADDRESS, " " + ADDRESS),
        (f"{ADDRESS}\n\n", f"{ADDRESS}\n"),
        ("#c\n\nURI", "#c\nURI"),
        ("#c\n\nURI", "#c\n\n\nURI"),
        ("I accept the terms", "Ich erkläre mich"),
        ("I accept the terms", "I \taccept the terms"),
        ("I accept the terms", 'I "accept" the terms'),
        ("\nURI: https://app", "\nURI:https://app"),
        ("\nURI: https://app.example.org:8443\n", "\nURI: app.example.org\n"),
        ("\nURI: https://app.example.org:8443\n", "\nURI: https://app.example.org/%zz\n"),
        ("\nURI: https://app.example.org:8443\n", "\nURI: https://app.example.org/#a#b\n"),
        ("\nURI: https://app.example.org:8443\n", "\n"),
        ("Version: 1\n", "Version: 2\n"),
        ("Version: 1\n", "Version: 01\n"),
        ("Version: 1\n", "version: 1\n"),
        ("Version: 1\n", ""),
        ("Chain ID: 1\n", "Chain ID: 0x1\n"),
        ("Chain ID: 1\n", "Chain ID: -1\n"),
        ("Chain ID: 1\n", "Chain ID: \n"),
        ("Chain ID: 1\n", "Chain ID: \u0661\n"),
        ("Chain ID: 1\n", ""),
        ("Version: 1\nChain ID: 1\n", "Chain ID: 1\nVersion: 1\n"),
        ("Nonce: 0123456789abcdefABCD", "Nonce: 0123456"),
        ("Nonce: 0123456789abcdefABCD", "Nonce: 0123-56789"),
        ("Nonce: 0123456789abcdefABCD", "Nonce: 01234567\u0669"),
        ("\nIssued At: 2026-03-01T12:00:00.123Z", ""),
        ("2026-03-01T12:00:00.123Z", "2026-03-01 12:00:00.123Z"),
        ("2026-03-01T12:00:00.123Z", "2026-03-01T12:00:00.123"),
        ("2026-03-01T12:00:00.123Z", "2026-03-01T12:00:00.Z"),
        ("2026-03-01T12:00:00.123Z", "2026-02-30T12:00:00Z"),
        ("2026-03-01T12:00:00.123Z", "2026-03-01T25:00:00Z"),
        ("2026-03-01T12:00:00.123Z", "2026-03-01T12:00:00+99:00"),
        ("2026-03-01T12:00:00.123Z", "1772366400"),
        ("Expiration Time: 2026", "Expiration Time: 0000"),
        ("Expiration Time: 2026-03-01T12:05:00Z\n", "Expiration Time: \n"),
        ("Request ID: 7%20a", "Request ID: 7 a"),
        ("Request ID: 7%20a", "Request ID: 7%2"),
        ("Resources:\n", "Resources: \n"),
        ("- ipfs:", "* ipfs:"),
        ("- ipfs:", "- /ipfs"),
        ("claim.json", "claim.json\n"),
        ("claim.json", "claim.json\nSomething: else"),
        ("claim.json", "claim.json "),
    ],
)
def test_what_is_not_to_the_letter_is_not_read(old: str, new: str) -> None:
    with pytest.raises(NotSiwe):
        parse(changed(FULL, old, new), same)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", " ", "\0", "\u2028"])
def test_nothing_may_follow(end: str) -> None:
    with pytest.raises(NotSiwe):
        parse(compose(WANTED, NOW) + end, same)
    with pytest.raises(NotSiwe):
        parse(end + compose(WANTED, NOW), same)
    with pytest.raises(NotSiwe):
        parse(compose(WANTED, NOW).replace("\n", "\r\n"), same)


@pytest.mark.parametrize(
    "address", [ADDRESS.lower(), "0x" + ADDRESS[2:].upper(), ADDRESS.replace("A", "a", 1)]
)
def test_an_address_with_other_capitals_is_not_read(address: str) -> None:
    with pytest.raises(NotSiwe, match="EIP-55"):
        parse(changed(FULL, ADDRESS, address), checksum)


def test_a_text_without_end_is_not_read() -> None:
    with pytest.raises(NotSiwe):
        parse(FULL + "\n- https://example.org/" * 1000, same)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01T12:00:00Z", NOW.replace(microsecond=0)),
        ("2026-03-01t12:00:00z", NOW.replace(microsecond=0)),
        ("2026-03-01T12:00:00.1Z", NOW.replace(microsecond=100_000)),
        ("2026-03-01T12:00:00.123456789Z", NOW.replace(microsecond=123_456)),
        ("2026-03-01T07:00:00.123-05:00", NOW),
    ],
)
def test_times_are_read_as_rfc_3339_has_them(written: str, meant: datetime) -> None:
    assert parse(changed(FULL, "2026-03-01T12:00:00.123Z", written), same).issued_at == meant


LINES = st.lists(st.sampled_from([*FULL.split("\n"), "", "- ", "Resources:", "Version: 1", "x"]), max_size=24)


@given(
    st.one_of(
        st.text(),
        LINES.map("\n".join),
        st.tuples(st.integers(0, len(FULL)), st.integers(0, 8), st.text(max_size=4)).map(
            lambda t: FULL[: t[0]] + t[2] + FULL[t[0] + t[1] :]
        ),
    )
)
def test_any_text_is_read_or_refused_and_what_is_read_stands_there(text: str) -> None:
    try:
        read = parse(text, same)
    except NotSiwe:
        return
    assert text.isascii()
    lines = text.split("\n")
    assert lines[0].endswith(f"{read.domain} wants you to sign in with your Ethereum account:")
    assert lines[1] == read.address
    rest = lines[5 if read.statement is not None else 4 :]
    assert (lines[3] or None) == read.statement
    assert rest[0] == f"URI: {read.uri}"
    assert rest[1] == "Version: 1"
    assert int(rest[2].removeprefix("Chain ID: ")) == read.chain_id
    assert rest[3] == f"Nonce: {read.nonce}"
    assert re.fullmatch(r"Issued At: \S+", rest[4])
    check(read, WANTED, NOW)


# Rules


BROKEN = [
    ("domain", {"domain": "app.example.org"}),
    ("domain", {"domain": "evil.example:8443"}),
    ("domain", {"domain": "APP.example.org:8443"}),
    ("domain", {"domain": "me@app.example.org:8443"}),
    ("scheme", {"scheme": "http"}),
    ("address", {"address": "0x" + "0" * 40}),
    ("uri", {"uri": "https://app.example.org:8443/"}),
    ("uri", {"uri": "https://evil.example:8443"}),
    ("chain_id", {"chain_id": 5}),
    ("nonce", {"nonce": "0123456789abcdefabcd"}),
    ("issued_at", {"issued_at": NOW - 5 * MINUTE - timedelta(milliseconds=1)}),
    ("issued_at", {"issued_at": NOW + 5 * MINUTE + timedelta(milliseconds=1)}),
    ("expiration_time", {"expiration_time": NOW}),
    ("not_before", {"not_before": NOW + timedelta(milliseconds=1)}),
]


@pytest.mark.parametrize(("rule", "change"), BROKEN)
def test_each_rule_broken_once_is_named(rule: str, change: dict[str, object]) -> None:
    text = parse(compose(WANTED, NOW), checksum)
    assert check(text, WANTED, NOW) is None
    assert check(replace(text, **change), WANTED, NOW) == rule  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"issued_at": NOW - 5 * MINUTE},
        {"issued_at": NOW + 5 * MINUTE},
        {"expiration_time": NOW + timedelta(milliseconds=1)},
        {"expiration_time": None},
        {"not_before": NOW},
        {"scheme": "https"},
        {"statement": None},
    ],
)
def test_what_lies_within_the_rules_is_taken(change: dict[str, object]) -> None:
    text = parse(compose(WANTED, NOW), checksum)
    assert check(replace(text, **change), WANTED, NOW) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_clock_that_was_moved_lets_nobody_in(hours: int) -> None:
    text = parse(compose(WANTED, NOW), checksum)
    assert check(text, WANTED, NOW + timedelta(hours=hours)) is not None
