"""The host site of the demo, as it is served."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from stack.host_page import FILES, HostPage
from stack.json_api import Answer, JsonApi
from stack.ports import HOST, pick

DESK = f"http://{HOST}:12345"
API = f"{DESK}/_matrix/maubot/plugin/support"


@pytest.fixture
async def page() -> AsyncIterator[HostPage]:
    page = HostPage(port=pick(["page"])["page"], api_url=API, wallet_secret="secret")
    await page.start()
    yield page
    await page.stop()


@pytest.fixture
async def site(page: HostPage) -> AsyncIterator[JsonApi]:
    async with aiohttp.ClientSession(headers={"Origin": page.origin}) as session:
        yield JsonApi(session, page.origin)


def policy(answer: Answer) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (directive.partition(" ") for directive in directives)}


async def test_allows_its_own_files_and_the_widget_and_nothing_else(site: JsonApi) -> None:
    assert policy(await site.request("GET", "/")) == {
        "default-src": "'none'",
        "script-src": f"'self' {DESK}",
        "frame-src": DESK,
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


async def test_embeds_the_widget_by_one_line(site: JsonApi) -> None:
    page = (await site.request("GET", "/")).text
    assert re.findall(r"<script async [^>]*>", page) == [
        f'<script async src="{API}/widget.js" data-name="Example Swap support" data-color="#0f766e">'
    ]


async def test_everything_the_page_refers_to_is_served_under_the_same_policy(site: JsonApi) -> None:
    page = await site.request("GET", "/")
    names = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page.text) if not name.startswith(DESK)]
    names += [name for path in FILES.glob("*.js") for name in re.findall(r'from "\./(.+)"', path.read_text())]
    assert {"page.js", "page.css", "icon.svg", "wallet.js", "wallet.svg"} <= set(names)
    for name in [*names, "wallet/accounts"]:
        answer = await site.request("GET", f"/{name}")
        assert answer.status == 200, name
        assert policy(answer) == policy(page)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_its_wallets_sign_and_stay_the_same(site: JsonApi) -> None:
    first, second = (await site.request("GET", "/wallet/accounts")).json
    assert first["address"] != second["address"]
    same = HostPage(port=1, api_url=API, wallet_secret="secret")
    assert list(same.wallets) == [first["address"], second["address"]]
    assert set(same.wallets).isdisjoint(HostPage(port=1, api_url=API, wallet_secret="other").wallets)
    for wallet in (first, second):
        body = {"address": wallet["address"], "message": "0x" + "Sign in ✓".encode().hex()}
        signature = (await site.call("POST", "/wallet/sign", body))["signature"]
        signer = Account.recover_message(encode_defunct(text="Sign in ✓"), signature=signature)
        assert signer == wallet["address"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
async def test_its_wallets_sign_for_no_other_page(page: HostPage, site: JsonApi, origin: str) -> None:
    body = {"address": next(iter(page.wallets)), "message": "0x00"}
    async with site.session.post(
        f"{page.origin}/wallet/sign", json=body, headers={"Origin": origin}
    ) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("path", ["/../system.py", "/%2e%2e%2fsystem.py", "/..%2f__init__.py", "/none.js"])
async def test_serves_nothing_from_elsewhere(site: JsonApi, path: str) -> None:
    assert (await site.request("GET", path)).status == 404


def test_what_people_wrote_can_only_become_text() -> None:
    scripts = "".join(path.read_text() for path in FILES.glob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", scripts)
    page = Path(FILES / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", page)
