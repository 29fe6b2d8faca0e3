"""Contract wallets are asked through a node, which may say or do anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from eth_account.messages import _hash_eip191_message as hash_eip191_message
from eth_account.messages import encode_defunct

from stack.customer import Customer
from tests.integration.plugin.node import Node
from tests.integration.plugin.wallet import (
    ADDRESS,
    assert_anonymous,
    assert_refused,
    challenge,
    sign_in,
)

pytestmark = pytest.mark.usefixtures("signing_in")


@pytest.fixture
async def node(config: dict[str, Any]) -> AsyncIterator[Node]:
    node = Node()
    await node.server.start_server()
    config["identity"]["rpc_url"] = node.url
    yield node
    await node.server.close()


@pytest.fixture
async def contract(node: Node, browser: Customer) -> Customer:
    """Give a browser whose wallet is a contract."""
    return browser


async def test_a_contract_wallet_is_asked(node: Node, contract: Customer) -> None:
    message = await challenge(contract)
    wallet = contract.go_on(await contract.verify(message, "0x" + "ab" * 70))
    assert wallet.session["customer"]["account"] == f"eip155:1:{ADDRESS}"
    assert [method for method, _ in node.calls] == ["eth_chainId", "eth_getCode", "eth_call"]
    assert node.calls[1][1] == [ADDRESS, "latest"]
    call, block = node.calls[2][1]
    digest = hash_eip191_message(encode_defunct(text=message)).hex()
    assert (call["to"], block) == (ADDRESS, "latest")
    assert call["data"] == ("0x1626ba7e" + digest + f"{64:064x}" + f"{70:064x}" + "ab" * 70 + "00" * 26)


async def test_a_key_that_signs_needs_no_node(node: Node, contract: Customer) -> None:
    node.respond = lambda _: web.Response(status=500)
    assert await sign_in(contract)


@pytest.mark.parametrize(
    ("attribute", "answer"),
    [
        ("chain_id", "0xa"),
        ("code", "0x"),
        ("verdict", "0x"),
        ("verdict", "0x1626ba7e"),
        ("verdict", "0x" + "00" * 28 + "1626ba7e"),
        ("verdict", "0xffffffff" + "00" * 28),
        ("verdict", "0x1626ba7e" + "00" * 28 + "00" * 32),
        ("verdict", "0x1626ba7e" + "11" * 28),
        ("verdict", {"code": 3, "message": "execution reverted", "data": "0x1626ba7e" + "00" * 28}),
    ],
)
async def test_a_contract_that_does_not_say_yes_refuses(
    node: Node, contract: Customer, attribute: str, answer: Any
) -> None:
    setattr(node, attribute, answer)
    message = await challenge(contract)
    assert_refused(await contract.verify(message, "0x" + "ab" * 70), "signature")
    await assert_anonymous(contract)


async def test_a_contract_that_is_not_there_yet_is_refused_with_the_reason(
    node: Node, contract: Customer
) -> None:
    message = await challenge(contract)
    answer = await contract.verify(message, "0x" + "ab" * 70 + "6492" * 16)
    assert_refused(answer, "signature")
    assert "ERC-6492" in answer.json["detail"]
    assert node.calls == []


@pytest.mark.parametrize(
    "respond",
    [
        lambda _: web.Response(status=500),
        lambda _: web.Response(status=307, headers={"Location": "/elsewhere"}),
        lambda _: web.Response(text="no JSON"),
        lambda _: web.json_response([]),
        lambda _: web.json_response({"jsonrpc": "2.0", "id": 1}),
        lambda _: web.json_response({"jsonrpc": "2.0", "id": 1, "result": 1}),
        lambda _: web.json_response({"jsonrpc": "2.0", "id": 1, "result": "yes"}),
        lambda _: web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": -32005}}),
        lambda _: web.Response(body=b'{"result": "0x' + b"0" * 2**20 + b'1"}'),
    ],
    ids=["500", "redirect", "text", "list", "nothing", "number", "word", "error", "endless"],
)
async def test_a_node_that_does_not_answer_lets_nobody_in(
    node: Node, contract: Customer, respond: Any
) -> None:
    message = await challenge(contract)
    node.respond = respond
    answer = await contract.verify(message, "0x" + "ab" * 70)
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert node.url not in answer.text
    await assert_anonymous(contract)
    node.respond = None
    assert (await contract.verify(message, "0x" + "ab" * 70)).status == 200


async def test_a_node_that_is_not_there_lets_nobody_in(node: Node, contract: Customer) -> None:
    message = await challenge(contract)
    await node.server.close()
    assert (await contract.verify(message, "0x" + "ab" * 70)).status == 503
