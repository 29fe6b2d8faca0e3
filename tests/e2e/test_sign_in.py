"""A wallet signs in, and the team sees who it is; with the old token nothing is told any more."""

from __future__ import annotations

import uuid

from eth_account import Account
from eth_account.messages import encode_defunct

from stack.system import System
from stack.telegram_client import ALICE
from tests.e2e.acts import open_case, post, text_after


async def test_a_wallet_goes_on_where_the_anonymous_customer_was(system: System) -> None:
    wallet = Account.create()
    short = f"{wallet.address[:6]}…{wallet.address[-4:]}"
    async with open_case(system) as case:
        browser = case.customer
        challenge = await browser.ask_challenge(wallet.address, origin=system.page.origin)
        message = challenge.json["message"]
        signature = wallet.sign_message(encode_defunct(text=message)).signature.hex()
        signed_in = browser.go_on(await browser.verify(message, f"0x{signature}", join_conversation=True))
        assert signed_in.session["customer"]["account"] == f"eip155:1:{wallet.address}"
        assert (await browser.api.request("GET", "/v1/session")).status == 401
        await case.stream.wait_for(lambda event: event.type == "session.ended", "the end of the old session")

        second = await post(system, signed_in)
        assert second.text.splitlines()[0] == f"#{case.number} · {short}"
        async with signed_in.stream() as stream:
            for asked in (case.post, second):
                text = f"answer {uuid.uuid4()}"
                await system.telegram.send(ALICE, text, reply_to=asked.id)
                await stream.wait_for_text(text)
        info = await system.telegram.send(ALICE, "/info", reply_to=second.id)
        assert f"account eip155:1:{wallet.address}" in await text_after(system, info, f"#{case.number}")
        assert len((await signed_in.history())["items"]) == 4
