"""Who signed a text, and whether another implementation agrees."""

from __future__ import annotations

import random

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.constants import SECPK1_N as ORDER
from hypothesis import given
from hypothesis import strategies as st

from plugin.chain.ethereum import open_ethereum
from plugin.chain.signatures import checksum, derives_address, hash_message, recover
from plugin.services.ports import SignatureRefused

KEY = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
TEXT = "Sign in, please.\nÜ"


def sign(text: str, key: bytes = KEY) -> bytes:
    return bytes(Account.sign_message(encode_defunct(text=text), key).signature)


def parts(signature: bytes) -> tuple[int, int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]


def joined(r: int, s: int, v: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def test_the_hash_is_the_one_of_eip_191() -> None:
    # Of "Hello World", as many documents have it.
    assert (
        hash_message("Hello World").hex()
        == "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2"
    )


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ],
)
def test_addresses_are_written_as_in_the_examples_of_eip_55(address: str) -> None:
    assert checksum(address.lower()) == checksum("0x" + address[2:].upper()) == checksum(address) == address


def test_a_thousand_keys_are_recovered_as_another_implementation_does() -> None:
    dice = random.Random(4361)
    for number in range(1000):
        key = dice.randrange(1, ORDER).to_bytes(32, "big")
        text = "".join(chr(dice.choice((10, 32, 65, 228, 0x4E2D, 0x1F600))) for _ in range(number % 200))
        message = encode_defunct(text=text)
        account = Account.from_key(key)
        r, s, v = parts(sign(text, key))
        for given_v in (v, v - 27):
            assert recover(text, joined(r, s, given_v)) == account.address
        # The other point is another's, and never this one's.
        flipped = joined(r, s, 55 - v)
        assert (
            recover(text, flipped) == Account.recover_message(message, signature=flipped) != account.address
        )
        mirrored = joined(r, ORDER - s, 55 - v)
        assert Account.recover_message(message, signature=mirrored) == account.address
        with pytest.raises(SignatureRefused, match="lower half"):
            recover(text, mirrored)
        assert derives_address(key, f"eip155:1:{account.address}")
        assert not derives_address(key, f"eip155:1:{ADDRESS}")


@pytest.mark.parametrize("v", sorted(set(range(256)) - {0, 1, 27, 28}))
def test_any_other_v_is_refused(v: int) -> None:
    r, s, _ = parts(sign(TEXT))
    with pytest.raises(SignatureRefused, match="v must be"):
        recover(TEXT, joined(r, s, v))


@pytest.mark.parametrize("length", [0, 1, 64, 66, 130])
def test_any_other_length_is_refused(length: int) -> None:
    with pytest.raises(SignatureRefused, match="65 bytes"):
        recover(TEXT, (sign(TEXT) * 3)[:length])


@pytest.mark.parametrize("wrong", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_r_and_s_lie_on_the_curve(wrong: int) -> None:
    r, s, v = parts(sign(TEXT))
    for signature in (joined(wrong, s, v), joined(r, wrong, v)):
        with pytest.raises(SignatureRefused, match="r and s"):
            recover(TEXT, signature)


def test_the_lower_half_ends_in_the_middle() -> None:
    r, _, v = parts(sign(TEXT))
    assert recover(TEXT, joined(r, ORDER // 2, v)) != ADDRESS
    with pytest.raises(SignatureRefused, match="lower half"):
        recover(TEXT, joined(r, ORDER // 2 + 1, v))


def test_an_r_that_is_no_point_is_refused() -> None:
    _, s, v = parts(sign(TEXT))
    # 5 is the x of no point of the curve.
    with pytest.raises(SignatureRefused, match="no key"):
        recover(TEXT, joined(5, s, v))


def test_another_text_gives_another_address() -> None:
    assert recover(TEXT, sign(TEXT)) == ADDRESS
    assert recover(TEXT + " ", sign(TEXT)) != ADDRESS


@given(st.binary(min_size=60, max_size=70) | st.binary(min_size=65, max_size=65))
def test_any_bytes_are_refused_or_give_somebody_elses_address(signature: bytes) -> None:
    try:
        somebody = recover(TEXT, signature)
    except SignatureRefused:
        return
    assert somebody != ADDRESS


@pytest.mark.parametrize(
    "key", [b"", bytes(32), KEY[1:], KEY + b"\0", b"\0" + KEY, ORDER.to_bytes(32, "big"), b"\xff" * 32]
)
def test_what_is_no_key_is_nobodys(key: bytes) -> None:
    assert not derives_address(key, f"eip155:1:{ADDRESS}")


def test_a_key_is_its_accounts_on_any_chain_and_however_it_is_written() -> None:
    assert derives_address(KEY, f"eip155:8453:{ADDRESS.lower()}")
    assert not derives_address(KEY, "user:7")


def test_the_port_says_the_same() -> None:
    ethereum = open_ethereum(None)  # type: ignore[arg-type]
    assert ethereum is not None
    assert ethereum.checksum(ADDRESS.lower()) == ethereum.recover(TEXT, sign(TEXT)) == ADDRESS
    assert ethereum.derives_address(KEY, f"eip155:1:{ADDRESS}")
