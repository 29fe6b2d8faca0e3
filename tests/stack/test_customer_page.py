"""The customer's page of the demo, as it is served."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from stack.customer_page import FILES, CustomerPage
from stack.json_api import Answer, JsonApi
from stack.ports import HOST, pick

API = f"http://{HOST}:12345/_matrix/maubot/plugin/support"


@pytest.fixture
async def site() -> AsyncIterator[JsonApi]:
    page = CustomerPage(port=pick(["page"])["page"], api_url=API)
    await page.start()
    async with aiohttp.ClientSession() as session:
        yield JsonApi(session, page.origin)
    await page.stop()


def policy(answer: Answer) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (directive.partition(" ") for directive in directives)}


async def test_allows_its_own_files_and_the_api_and_nothing_else(site: JsonApi) -> None:
    assert policy(await site.request("GET", "/")) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' http://{HOST}:12345",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }


async def test_everything_the_page_refers_to_is_served_under_the_same_policy(site: JsonApi) -> None:
    page = await site.request("GET", "/")
    names = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    names += [name for path in FILES.glob("*.js") for name in re.findall(r'from "\./(.+)"', path.read_text())]
    assert {"page.js", "page.css", "icon.svg", "api.js", "view.js", "memory.js"} <= set(names)
    for name in [*names, "settings.json"]:
        answer = await site.request("GET", f"/{name}")
        assert answer.status == 200, name
        assert policy(answer) == policy(page)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_tells_the_script_where_the_api_is(site: JsonApi) -> None:
    assert (await site.request("GET", "/settings.json")).json == {"api": API}


@pytest.mark.parametrize("path", ["/../system.py", "/%2e%2e%2fsystem.py", "/..%2f__init__.py", "/none.js"])
async def test_serves_nothing_from_elsewhere(site: JsonApi, path: str) -> None:
    assert (await site.request("GET", path)).status == 404


def test_what_people_wrote_can_only_become_text() -> None:
    scripts = "".join(path.read_text() for path in FILES.glob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", scripts)
    page = Path(FILES / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", page)
