"""Languages, themes and sizes, as the host page, the browser and the customer want them."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from playwright.async_api import Route, expect

from tests.browser.texts import read_texts, t
from tests.browser.tour import PHRASE
from tests.browser.visitor import PHONE, Visitor
from tests.browser.widget import Widget

TOO_WIDE = """[...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 60))"""


async def assert_language(widget: Widget, locale: str, direction: str) -> None:
    """Check the language of the launcher and of the chat."""
    await expect(widget.launcher).to_have_accessible_name(t("launcher.close", locale=locale))
    await expect(widget.frame.locator("html")).to_have_attribute("lang", locale)
    await expect(widget.frame.locator("html")).to_have_attribute("dir", direction)
    await expect(widget.view.get_by_text(t("safety", locale=locale))).to_be_visible()


@pytest.mark.parametrize(
    ("browser", "page", "locale", "direction"),
    [
        ("ar-EG", None, "ar", "rtl"),
        ("ar-EG", "en", "en", "ltr"),
        ("en-US", "ar", "ar", "rtl"),
        ("tlh", None, "en", "ltr"),
        ("ar-EG", "tlh", "en", "ltr"),
    ],
)
async def test_the_pages_wish_comes_before_the_browsers(
    visitor: Visitor, browser: str, page: str | None, locale: str, direction: str
) -> None:
    await visitor.begin(locale=browser)
    widget = await visitor.open(**({} if page is None else {"data_locale": page}))
    await assert_language(widget, locale, direction)


async def test_languages_have_the_same_texts_and_placeholders() -> None:
    english, arabic = read_texts("en"), read_texts("ar")
    plain = {key for key in english if not key.endswith((".one", ".other"))}
    assert plain <= set(arabic)
    for key in plain:
        assert {part for part in english[key].split("{")[1:] if "}" in part} or "{" not in arabic[key]


async def test_the_host_page_changes_language_and_theme_while_it_is_open(visitor: Visitor) -> None:
    widget = await visitor.open(data_theme="light")
    html = widget.frame.locator("html")
    await widget.keep_draft("half a sentence")
    await widget.api("setLocale", "ar")
    await assert_language(widget, "ar", "rtl")
    await expect(widget.composer).to_have_value("half a sentence")
    await widget.api("setTheme", "dark")
    await expect(html).to_have_css("color-scheme", "dark")
    await widget.api("setTheme", "light")
    await expect(html).to_have_css("color-scheme", "light")
    await widget.api("setLocale", "en")
    await assert_language(widget, "en", "ltr")


async def test_the_customers_own_choice_outlives_the_visit(visitor: Visitor) -> None:
    widget = await visitor.open(data_theme="light", data_locale="en")
    await widget.press(t("menu"))
    await widget.view.get_by_label(t("theme")).select_option("dark")
    await widget.view.get_by_label(t("language")).select_option("ar")
    await expect(widget.heading).to_have_text(t("menu", locale="ar"))
    await widget.page.reload()
    await widget.open()
    await expect(widget.frame.locator("html")).to_have_css("color-scheme", "dark")
    await expect(widget.view.get_by_text(t("safety", locale="ar"))).to_be_visible()


@pytest.mark.parametrize("width", [320, 375])
async def test_on_a_phone_it_fills_the_screen_and_nothing_is_cut(visitor: Visitor, width: int) -> None:
    await visitor.begin(**(PHONE | {"viewport": {"width": width, "height": 568}}))
    widget = await visitor.open()
    box = await widget.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": width, "height": 568}
    await expect(widget.launcher).not_to_be_visible()
    await widget.write("w" * 200)
    await expect(widget.view.locator("li.sent")).to_be_visible()
    await widget.write(f"https://example.org/{uuid.uuid4().hex * 4}")
    await expect(widget.messages).to_have_count(2)
    frame = await widget.inner()
    assert await frame.evaluate(TOO_WIDE) == []
    assert await frame.evaluate("document.documentElement.scrollWidth") == width
    await widget.press(t("close"))
    await expect(widget.launcher).to_be_visible()


async def test_on_a_desktop_the_page_stays_in_sight_and_in_use(visitor: Visitor) -> None:
    widget = await visitor.open()
    box, screen = await widget.panel.bounding_box(), widget.page.viewport_size
    assert box is not None
    assert screen is not None
    assert box["width"] <= 400
    assert box["x"] + box["width"] <= screen["width"] - 10
    assert box["y"] >= 10
    await expect(widget.launcher).to_be_visible()
    await widget.page.locator("h1").click()


async def test_the_newest_message_stays_in_sight_when_a_warning_comes(visitor: Visitor) -> None:
    """The composer grows, the transcript shrinks; that is not the reader's scrolling."""
    widget = await visitor.open()
    for n in range(6):
        await widget.write(f"{n}\n\n\n\n")
        await widget.write(f"last {n}" + "\nline" * 3)
        await widget.write(PHRASE)
        await expect(widget.view.get_by_text(t("secret.phrase"))).to_be_visible()
        await expect(widget.view.locator(".jump")).to_be_hidden()
        await expect(widget.bubble(f"last {n}")).to_be_in_viewport()
        await widget.press(t("secret.clear"))


async def test_what_may_be_a_secret_outlives_a_change_of_language(visitor: Visitor) -> None:
    """No draft has it, as it is kept nowhere."""
    widget = await visitor.open(data_theme="light")
    await widget.keep_draft("half a sentence")
    words = "abandon ability able about above absent absorb abstract absurd abuse"
    await widget.composer.fill(words)
    await widget.api("setLocale", "ar")
    await assert_language(widget, "ar", "rtl")
    await expect(widget.composer).to_have_value(words)
    await expect(widget.view.get_by_role("button", name=t("composer.send", locale="ar"))).to_be_enabled()
    assert not any("abandon" in value for value in (await widget.stored()).values())


async def test_what_was_written_in_the_last_moment_outlives_a_change_of_language(visitor: Visitor) -> None:
    """No draft has it yet: what looks for secrets, before anything is kept, is still on its way."""
    held: list[str] = []
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        held.append(route.request.url)
        await go_on.wait()
        await route.continue_()

    await visitor.begin()
    await visitor.context.route("**/views/guard.js", hold)
    widget = await visitor.visit(data_theme="light")
    await widget.open()
    await widget.composer.fill("half a sentence")
    await widget.api("setLocale", "ar")
    await assert_language(widget, "ar", "rtl")
    await expect(widget.composer).to_have_value("half a sentence")
    assert held
    go_on.set()
    await widget.keep_draft("half a sentence, and then")
    await widget.api("setLocale", "en")
    await assert_language(widget, "en", "ltr")
    await expect(widget.composer).to_have_value("half a sentence, and then")
