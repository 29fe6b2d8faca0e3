"""The host site's token: each rule broken once, and no second way to write the same one."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.jwt import TokenRefused, User, read_token

SECRET = "a secret that both sides know, 32+"
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
AT = NOW.timestamp()
HEADER = {"alg": "HS256", "typ": "JWT"}
CLAIMS = {
    "sub": "user-7",
    "name": "Ann",
    "email": "ann@example.org",
    "aud": "headset",
    "exp": AT + 300,
    "jti": "1",
}


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(header: str, body: str, secret: str = SECRET, algorithm: str = "sha256") -> str:
    signed = f"{header}.{body}"
    return f"{signed}.{encode(hmac.digest(secret.encode(), signed.encode(), algorithm))}"


def token(header: object = None, secret: str = SECRET, **claims: Any) -> str:
    """Sign claims over the usual ones; `...` takes one away."""
    body = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not ...}
    head = header if header is not None else HEADER
    return sign(*(encode(json.dumps(part).encode()) for part in (head, body)), secret)


def raw(body: str, header: str = json.dumps(HEADER)) -> str:
    return sign(encode(header.encode()), encode(body.encode()))


def refused(given: str, secret: str = SECRET) -> str:
    with pytest.raises(TokenRefused) as caught:
        read_token(given, secret, NOW)
    assert str(caught.value).startswith(f"{caught.value.rule}: ")
    return caught.value.rule


def test_a_valid_token_says_who_it_is() -> None:
    assert read_token(token(), SECRET, NOW) == User(subject="user-7", name="Ann", email="ann@example.org")


@pytest.mark.parametrize(
    "claims",
    [
        {"name": ..., "email": ...},
        {"name": None, "email": None},
        {"name": "", "email": " "},
        {"name": "\u202e\u200b", "email": "\n"},
    ],
)
def test_name_and_mail_may_be_left_out(claims: dict[str, Any]) -> None:
    assert read_token(token(**claims), SECRET, NOW) == User(subject="user-7", name=None, email=None)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["headset"]},
        {"aud": ["other", "headset"]},
        {"exp": AT + 600},
        {"exp": AT + 0.5},
        {"nbf": AT, "iat": AT},
        {"nbf": AT + 30, "iat": AT + 30},
        {"iat": AT - 10**6},
        {"sub": "x" * 200},
        {"sub": "Zoë 7"},
        {"admin": True},
    ],
)
def test_what_lies_within_the_rules_is_taken(claims: dict[str, Any]) -> None:
    assert read_token(token(**claims), SECRET, NOW).subject == claims.get("sub", "user-7")


@pytest.mark.parametrize(
    "header", [{"alg": "HS256"}, {"alg": "HS256", "typ": "jwt", "kid": "../../dev/null"}]
)
def test_these_headers_are_taken(header: dict[str, str]) -> None:
    assert read_token(token(header), SECRET, NOW).subject == "user-7"


@pytest.mark.parametrize(
    ("rule", "claims"),
    [
        *(("aud", {"aud": value}) for value in (..., None, "", "Headset", "headset2", [], ["other"], 1)),
        ("aud", {"aud": {"headset": 1}}),
        *(("exp", {"exp": value}) for value in (..., None, AT, AT - 1, 0, AT + 601, AT + 10**6, 10**400)),
        *(("exp", {"exp": value}) for value in (True, str(AT + 300), "", [], {}, [AT + 300])),
        *(("nbf", {"nbf": value}) for value in (AT + 31, AT + 10**9, "0", True, [])),
        *(("iat", {"iat": value}) for value in (AT + 31, AT + 10**9, "0", True, {})),
        *(("jti", {"jti": value}) for value in (..., None, "", 5, ["1"])),
        *(("sub", {"sub": value}) for value in (..., None, "", 5, True, [], "x" * 201)),
        *(("sub", {"sub": value}) for value in ("a\nb", " a", "a\0", "a\u202eb", "\ud800", "a\tb")),
        *(("sub", {"sub": value}) for value in ("a\u200bb", "e\u0301")),
        *(("name", {"name": value}) for value in (5, True, ["Ann"], {})),
        *(("email", {"email": value}) for value in (5, False, ["a@b"])),
    ],
)  # fmt: skip
def test_each_claim_that_is_wrong_is_named(rule: str, claims: dict[str, Any]) -> None:
    assert refused(token(**claims)) == rule


@pytest.mark.parametrize(
    ("rule", "header"),
    [
        *(("alg", {"alg": value}) for value in ("none", "None", "HS512", "RS256", "hs256", "", None, 5)),
        ("alg", {}),
        ("alg", {"typ": "JWT"}),
        *(("typ", {"alg": "HS256", "typ": value}) for value in ("at+jwt", "JWS", "", None, 5)),
        ("crit", {"alg": "HS256", "crit": ["b64"], "b64": False}),
        ("form", []),
        ("form", "HS256"),
    ],
)  # fmt: skip
def test_each_header_that_is_wrong_is_named(rule: str, header: object) -> None:
    assert refused(token(header)) == rule


@pytest.mark.parametrize("secret", ["", "another secret, and long enough too", SECRET + " ", SECRET[:-1]])
def test_a_token_of_another_secret_is_refused(secret: str) -> None:
    assert refused(token(secret=secret)) == "signature"


def test_without_a_secret_nobody_can_sign() -> None:
    assert refused(token(secret=""), secret="") == "signature"


def test_an_unsigned_token_is_refused() -> None:
    head, body, signature = token().split(".")
    none = encode(b'{"alg":"none"}')
    for unsigned in (
        f"{head}.{body}",
        f"{head}.{body}.",
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f".{body}.",
    ):
        assert refused(unsigned) in ("form", "alg")
    assert refused(f"{head}.{body}.AA") == "signature"
    assert refused(sign(head, body, algorithm="sha512")) == "signature"
    assert refused(f"{head}.{body}.{encode(base64.urlsafe_b64decode(signature + '=')[:-1])}") == "signature"


def test_what_was_signed_can_not_be_changed() -> None:
    head, body, signature = token().split(".")
    other = token(sub="admin").split(".")[1]
    assert refused(f"{head}.{other}.{signature}") == "signature"
    assert refused(f"{encode(json.dumps({'alg': 'HS256'}).encode())}.{body}.{signature}") == "signature"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t + "=",
        lambda t: t.replace(".", "=.", 1),
        lambda t: t + ".",
        lambda t: t + ".e30",
        lambda t: " " + t,
        lambda t: t + "\n",
        lambda t: "Bearer " + t,
        lambda t: t.replace(".", "..", 1),
        lambda t: t[:-1] + "\u00e9",
        lambda t: t[:-1] + ("+" if t[-1] != "+" else "/"),
        lambda t: "",
        lambda t: "..",
    ],
)
def test_no_other_way_of_writing_is_taken(spoil: Any) -> None:
    assert refused(spoil(token())) == "form"


def test_the_unused_bits_of_the_last_character_must_be_nought() -> None:
    # 32 bytes are 42 characters and 4 bits: the last character has 2 bits that mean nothing.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = token()
    twin = good[:-1] + alphabet[alphabet.index(good[-1]) + 1]
    assert base64.urlsafe_b64decode(twin[-43:] + "=") == base64.urlsafe_b64decode(good[-43:] + "=")
    assert refused(twin) == "form"


@pytest.mark.parametrize(
    "body",
    [
        '{"sub": "a", "sub": "b", "aud": "headset", "exp": 1, "jti": "1"}',
        '{"x": {"a": 1, "a": 2}}',
        '{"exp": NaN}',
        '{"exp": Infinity}',
        "[]",
        "null",
        "",
        "{",
        "\ufeff{}",
        '{"a": ' + "[" * 1000,
        '{"exp": ' + "9" * 2500 + "}x",
    ],
)
def test_a_body_that_is_no_plain_object_is_refused(body: str) -> None:
    assert refused(raw(body)) == "form"


def test_a_header_with_a_name_twice_is_refused() -> None:
    assert refused(raw(json.dumps(CLAIMS), '{"alg": "none", "alg": "HS256"}')) == "form"


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    assert refused(sign(encode(json.dumps(HEADER).encode()), encode(b'{"sub": "\xff"}'))) == "form"


def test_a_token_without_end_is_refused() -> None:
    assert refused(token(name="x" * 4096)) == "form"


def test_a_name_becomes_one_line_of_plain_text() -> None:
    user = read_token(token(name=" A\u202en\nn\0 " + "x" * 100, email="a@b\r\n.example"), SECRET, NOW)
    assert user.name == "An n " + "x" * 58 + "…"
    assert user.email == "a@b .example"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*CLAIMS, "nbf", "iat", "x"]), JSON),
    st.dictionaries(st.sampled_from(["alg", "typ", "crit"]), JSON),
)
def test_whatever_is_signed_is_read_or_refused_by_name(
    claims: dict[str, Any], header: dict[str, Any]
) -> None:
    for head in (HEADER, {**HEADER, **header}):
        try:
            user = read_token(token(head, **claims), SECRET, NOW)
        except TokenRefused:
            continue
        assert user.subject == {**CLAIMS, **claims}["sub"]


@given(
    st.text()
    | st.binary().map(encode)
    | st.lists(st.binary().map(encode), min_size=3, max_size=3).map(".".join)
)
def test_any_text_is_refused_by_name(given: str) -> None:
    assert refused(given)
