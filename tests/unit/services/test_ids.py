"""Identifiers and tokens."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from plugin.services.clock import SystemClock
from plugin.services.ids import hash_token, new_token, new_ulid

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
YEAR_2100_MS = 4_102_444_800_000


def decode(ulid: str) -> int:
    value = 0
    for char in ulid:
        value = value * 32 + CROCKFORD.index(char)
    return value


def test_a_ulid_has_26_characters_of_crockfords_alphabet() -> None:
    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", new_ulid(NOON))


@given(st.integers(0, YEAR_2100_MS), st.integers(0, 999))
def test_a_ulid_carries_the_milliseconds_of_its_time_exactly_and_no_more(ms: int, microseconds: int) -> None:
    at = EPOCH + timedelta(milliseconds=ms, microseconds=microseconds)
    assert decode(new_ulid(at)) >> 80 == ms


@given(st.integers(0, YEAR_2100_MS), st.integers(-12 * 60, 14 * 60))
def test_the_time_in_a_ulid_is_that_of_utc_wherever_it_was_told(ms: int, minutes: int) -> None:
    at = EPOCH + timedelta(milliseconds=ms)
    elsewhere = at.astimezone(timezone(timedelta(minutes=minutes)))
    assert new_ulid(elsewhere)[:10] == new_ulid(at)[:10]


@given(st.integers(0, YEAR_2100_MS - 1))
def test_ulids_of_two_neighbouring_milliseconds_sort_by_time(ms: int) -> None:
    at = EPOCH + timedelta(milliseconds=ms)
    assert new_ulid(at) < new_ulid(at + timedelta(milliseconds=1))


def test_ulids_sort_by_time() -> None:
    ulids = [new_ulid(NOON + timedelta(milliseconds=i)) for i in range(100)]
    assert sorted(ulids) == ulids


def test_ulids_of_one_moment_differ_in_all_of_their_80_bits() -> None:
    tails = [decode(new_ulid(NOON)) & (1 << 80) - 1 for _ in range(500)]
    assert len(set(tails)) == 500
    ever_set, ever_clear = 0, 0
    for tail in tails:
        ever_set |= tail
        ever_clear |= ~tail
    assert ever_set == (1 << 80) - 1
    assert ever_clear & (1 << 80) - 1 == (1 << 80) - 1


def test_a_token_is_256_bits_that_may_stand_in_a_header() -> None:
    token = new_token()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert len({new_token() for _ in range(200)}) == 200


def test_the_hash_of_a_token_is_its_sha256() -> None:
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_token("abd") != hash_token("abc")


def test_a_token_of_characters_that_cannot_be_encoded_is_just_an_unknown_one() -> None:
    assert len(hash_token("\udcff")) == 64


def test_the_clock_is_in_utc_and_cut_to_the_milliseconds_that_are_stored() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta()
    assert now.microsecond % 1000 == 0
    assert timedelta() <= datetime.now(timezone.utc) - now < timedelta(minutes=1)
