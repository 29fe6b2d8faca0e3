"""Chromium, the whole system, and pages of host sites to open the widget in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from stack.matrix import MatrixUser
from stack.ports import pick
from stack.system import System
from tests.browser.hosts import HostSite, script_tag
from tests.browser.settings import CAROL, browser_config
from tests.browser.visitor import LAUNCH, PATIENCE_MS, Visitor

# Longer than anything takes here: a machine that is busy with other tests is no failure of the widget.
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, once for all tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**LAUNCH)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def host_site() -> AsyncIterator[HostSite]:
    """A server for host pages."""
    site = HostSite(pick(["host"])["host"])
    await site.start()
    yield site
    await site.stop()


@pytest.fixture(scope="session")
async def foreign_site() -> AsyncIterator[HostSite]:
    """A server for pages of a site that may not use the plugin."""
    site = HostSite(pick(["foreign"])["foreign"])
    await site.start()
    yield site
    await site.stop()


@pytest.fixture(scope="session")
async def system(host_site: HostSite) -> AsyncIterator[System]:
    """One running system whose plugin has every feature on."""
    async with System(config=browser_config(host_site.origins)) as running:
        yield running


@pytest.fixture(scope="session")
async def carol(system: System) -> MatrixUser:
    """The moderator who can be written to."""
    return await system.new_user(CAROL)


@pytest.fixture
async def visitor(chromium: Browser, system: System, host_site: HostSite) -> AsyncIterator[Visitor]:
    """Somebody with a browser profile of their own; what the browser complains about fails the test."""
    async with Visitor(chromium, system, host_site) as one:
        yield one


@pytest.fixture
async def other_visitor(chromium: Browser, system: System, host_site: HostSite) -> AsyncIterator[Visitor]:
    """Somebody else, or the same person at another device."""
    async with Visitor(chromium, system, host_site) as one:
        yield one


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """An empty page that has nothing to do with the system."""
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()


@pytest.fixture
def tag(system: System) -> str:
    """The line that a host site adds."""
    return script_tag(system.api_url)
