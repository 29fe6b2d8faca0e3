"""Whether a private key is that of the customer who is about to send it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from plugin.chain.ethereum import open_ethereum
from plugin.domain.model import Customer
from plugin.services.wallets import WalletService

KEY = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
ACCOUNT = "eip155:1:0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


def service(ethereum: Any) -> WalletService:
    nothing = cast("Any", None)
    return WalletService(
        database=nothing,
        clock=nothing,
        settings=nothing,
        ethereum=ethereum,
        missing=None,
        is_allowed=nothing,
    )


@pytest.fixture
def wallet(customer: Customer) -> Customer:
    return replace(customer, identity="wallet", account=ACCOUNT)


def test_a_key_is_known_as_the_customers_own(wallet: Customer) -> None:
    wallets = service(open_ethereum(cast("Any", None)))
    assert wallets.derives(wallet, KEY)
    assert not wallets.derives(wallet, KEY[::-1])
    assert not wallets.derives(replace(wallet, identity="user", account="user:7"), KEY)
    assert not wallets.derives(replace(wallet, identity="anonymous", account=None), KEY)


def test_without_the_packages_no_key_is_known(wallet: Customer) -> None:
    assert not service(None).derives(wallet, KEY)
