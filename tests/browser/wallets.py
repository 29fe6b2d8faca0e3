"""Wallets in a host page, as extensions put them there, whose keys are in the test."""

from __future__ import annotations

import json
import uuid
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.async_api import BrowserContext

ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
    "<rect width='8' height='8' rx='2' fill='teal'/><circle cx='4' cy='4' r='2' fill='white'/></svg>"
)

_ANNOUNCE = """(wallets) => {
  if (window.top !== window) return;
  for (const { uuid, name, icon, rdns } of wallets) {
    const provider = {
      async request({ method, params }) {
        const { result, error } = await window.walletRequest(uuid, method, params ?? []);
        if (error) throw Object.assign(new Error(error.message), { code: error.code });
        return result;
      },
      on() {},
      removeListener() {},
    };
    const detail = Object.freeze({ info: Object.freeze({ uuid, name, icon, rdns }), provider });
    const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  }
}"""


class Wallet:
    """A wallet with one account."""

    def __init__(self, name: str = "Test wallet", *, chain: int = 1) -> None:
        self.id, self.name, self.chain = str(uuid.uuid4()), name, chain
        self.account = Account.create()
        self.has_changed = False
        """Whether the person has gone to another account since connecting."""
        self.refuses_with: int | None = None
        """EIP-1193's code with which the person says no."""
        self.asked: list[str] = []
        """The methods of all requests."""
        self.signed: list[str] = []
        """Every text that was to be signed."""

    @property
    def address(self) -> str:
        """The account's address as EIP-55 writes it."""
        return str(self.account.address)

    @property
    def info(self) -> dict[str, str]:
        """What EIP-6963 announces."""
        return {"uuid": self.id, "name": self.name, "icon": ICON, "rdns": "org.example.wallet"}

    def answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        """Answer a request of the page as EIP-1193 says."""
        self.asked.append(method)
        if method in ("eth_requestAccounts", "eth_accounts"):
            changed = self.has_changed and method == "eth_accounts"
            return {"result": ["0x" + "22" * 20 if changed else self.address.lower()]}
        if method == "eth_chainId":
            return {"result": hex(self.chain)}
        if method != "personal_sign":
            return {"error": {"code": 4200, "message": f"{method} is not supported"}}
        text = bytes.fromhex(params[0][2:]).decode() if params[0].startswith("0x") else params[0]
        self.signed.append(text)
        if self.refuses_with is not None:
            return {"error": {"code": self.refuses_with, "message": "User rejected the request."}}
        return {"result": self.sign(text)}

    def sign(self, text: str) -> str:
        """Return the signature of a text, by EIP-191."""
        return "0x" + self.account.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")


async def install(context: BrowserContext, *wallets: Wallet) -> None:
    """Put wallets into every page that the context opens from now on."""
    by_id = {wallet.id: wallet for wallet in wallets}

    def request(wallet_id: str, method: str, params: list[Any]) -> dict[str, Any]:
        return by_id[wallet_id].answer(method, params)

    await context.expose_function("walletRequest", request)
    announced = json.dumps([wallet.info for wallet in wallets])
    await context.add_init_script(f"({_ANNOUNCE})({announced})")
