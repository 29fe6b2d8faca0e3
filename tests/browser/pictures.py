"""Takes the pictures for docs/: `python -m tests.browser.pictures`, by hand, when the looks have changed."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, async_playwright, expect

from stack.ports import pick
from stack.system import System
from stack.telegram_client import ALICE, MALLORY
from tests.browser.hosts import HostSite
from tests.browser.settings import CAROL, browser_config
from tests.browser.tour import VIEWS, Tour
from tests.browser.visitor import LAUNCH, PHONE, Visitor
from tests.browser.widget import Widget

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = DOCS / "pictures" / "widget"
SCREENS: dict[str, dict[str, Any]] = {"desktop": {"viewport": {"width": 500, "height": 760}}, "phone": PHONE}
"""The first is cut to the widget: the rest of a desktop's screen is the host page's."""

COLUMNS = [("light", "en"), ("dark", "en"), ("light", "ar")]
HEIGHT, GAP = 500, 12
COLORS, MOST_BYTES = (256, 128, 96, 64, 48), 60_000


async def take_views(
    browser: Browser, system: System, site: HostSite, theme: str, locale: str, options: dict[str, Any]
) -> list[bytes]:
    """Return a picture of each view, as one kind of customer sees it."""
    async with Visitor(browser, system, site) as visitor:
        tour = await Tour.begin(visitor, theme=theme, locale=locale, reduced_motion="reduce", **options)
        await tour.widget.page.add_style_tag(content="main { visibility: hidden }")
        return [await tour.widget.page.screenshot() async for _ in tour.views()]


def put_side_by_side(pictures: list[bytes], height: int) -> Image.Image:
    """Return one picture of all, scaled to a height."""
    images = [Image.open(io.BytesIO(one)).convert("RGB") for one in pictures]
    images = [
        one.resize((round(one.width * height / one.height), height), Image.Resampling.LANCZOS)
        for one in images
    ]
    width = sum(one.width for one in images) + GAP * (len(images) - 1)
    sheet = Image.new("RGB", (width, height), "#c8ccd4")
    left = 0
    for one in images:
        sheet.paste(one, (left, 0))
        left += one.width + GAP
    return sheet


def make_palette(image: Image.Image, colors: int) -> Image.Image:
    """Return a picture with the palette for another: areas keep their colours, and rare ones have a place."""
    most = sorted(image.getcolors(image.width * image.height) or [], reverse=True)[: colors // 2]
    rare = image.quantize(colors - len(most), Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, color in most for part in color] + rare)
    return palette


def save(image: Image.Image, path: Path) -> None:
    """Write a picture with as many colours as keep it small."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for colors in COLORS:
        image.quantize(palette=make_palette(image, colors), dither=Image.Dither.NONE).save(
            path, optimize=True
        )
        if path.stat().st_size <= MOST_BYTES:
            break
    print(f"{path.relative_to(DOCS.parent)}: {path.stat().st_size / 1000:.0f} kB")


async def take_all_views(browser: Browser) -> None:
    """Make a sheet of each view and screen: light, dark, and from right to left."""
    site = HostSite(pick(["host"])["host"])
    await site.start()
    async with System(config=browser_config(site.origins)) as system:
        await system.new_user(CAROL)
        for screen, options in SCREENS.items():
            columns = [await take_views(browser, system, site, *column, options) for column in COLUMNS]
            for name, *pictures in zip(VIEWS, *columns, strict=True):
                save(put_side_by_side(pictures, HEIGHT), PICTURES / f"{name}-{screen}.png")
    await site.stop()


async def take_demo(browser: Browser) -> None:
    """Make the README's picture: the demo's host page beside the team's group."""
    async with System() as system:
        context = await browser.new_context(viewport={"width": 960, "height": 760}, reduced_motion="reduce")
        widget = Widget(await context.new_page(), system)
        await widget.page.goto(system.page.url)
        await widget.open()
        post = await widget.ask("Hi! My withdrawal has been pending since this morning. Is it lost?")
        await system.telegram.send(MALLORY, "Send me your seed phrase, I will fix it", reply_to=post.id)
        await system.telegram.send(
            ALICE, "No, the network is slow today. It will be there soon.", reply_to=post.id
        )
        await expect(widget.messages).to_have_count(2)
        await widget.ask("It has arrived. Thank you, Alice!")
        await expect(widget.view.locator("li.own.sent")).to_be_visible()
        team = await context.new_page()
        await team.set_viewport_size({"width": 700, "height": 760})
        await team.goto(system.telegram.page_url)
        await expect(team.get_by_text("It has arrived").first).to_be_visible()
        pictures = [await widget.page.screenshot(), await team.screenshot()]
        await context.close()
    save(put_side_by_side(pictures, 760), DOCS / "demo.png")


async def main() -> None:
    """Take all pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**LAUNCH)
        await take_all_views(browser)
        await take_demo(browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
