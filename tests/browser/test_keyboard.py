"""By keyboard alone, with the focus kept and returned; what is spoken; movement that stays away."""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import expect

from stack.matrix import MatrixUser
from stack.system import System
from stack.telegram_client import ALICE
from tests.browser.hosts import script_tag
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.wallets import Wallet, install
from tests.browser.widget import Widget


async def tab_to(widget: Widget, name: str, *, back: bool = False) -> None:
    """Press Tab until the element of this name in the frame has the focus."""
    seen: list[str] = []
    frame = await widget.inner()
    for _ in range(40):
        await widget.page.keyboard.press("Shift+Tab" if back else "Tab")
        label: str = await frame.evaluate(
            "() => { const e = document.activeElement;"
            " return e === document.body ? '' : e.ariaLabel || e.labels?.[0]?.textContent || e.textContent; }"
        )
        seen.append(label.strip())
        if name in label:
            return
    raise AssertionError(f"no Tab leads to {name!r}, only to {seen}")


async def press_by_keyboard(widget: Widget, name: str, *, back: bool = False) -> None:
    await tab_to(widget, name, back=back)
    await widget.page.keyboard.press("Enter")


async def test_open_write_and_close(visitor: Visitor, system: System) -> None:
    widget = await visitor.visit(visitor.host_site.add("<a href='#'>a link</a>" + tag_of(visitor)))
    await expect(widget.launcher).to_be_visible()
    await widget.page.keyboard.press("Tab")
    await widget.page.keyboard.press("Tab")
    await expect(widget.launcher).to_be_focused()
    await widget.page.keyboard.press("Enter")
    await expect(widget.composer).to_be_focused()
    await widget.page.keyboard.type(f"typed {uuid.uuid4()}")
    await widget.page.keyboard.press("Shift+Enter")
    await widget.page.keyboard.type("second line")
    await widget.page.keyboard.press("Enter")
    await expect(widget.messages).to_have_count(1)
    await expect(widget.messages.locator(".text")).to_contain_text("\nsecond line", use_inner_text=True)
    await expect(widget.composer).to_be_focused()
    await widget.page.keyboard.press("Escape")
    await expect(widget.panel).not_to_be_visible()
    await expect(widget.launcher).to_be_focused()


async def test_the_focus_returns_to_what_opened_it(visitor: Visitor) -> None:
    markup = "<button onclick='Headset.open()'>Help me</button>" + tag_of(visitor)
    widget = await visitor.visit(visitor.host_site.add(markup))
    await expect(widget.launcher).to_be_visible()
    own = widget.page.get_by_role("button", name="Help me")
    await own.press("Enter")
    await expect(widget.composer).to_be_focused()
    await widget.page.keyboard.press("Escape")
    await expect(own).to_be_focused()


def tag_of(visitor: Visitor) -> str:
    return script_tag(visitor.system.api_url)


async def test_every_view_and_back_by_keyboard(visitor: Visitor, carol: MatrixUser) -> None:
    wallet = Wallet()
    await install(await visitor.begin(), wallet)
    widget = await visitor.open()
    await widget.ask(f"a question {uuid.uuid4()}")
    await expect(widget.view.locator(".state")).to_have_text(t("sent"))
    page, number = widget.page, (await widget.customer()).session["ticket"]["number"]

    await press_by_keyboard(widget, t("people"), back=True)
    await expect(widget.heading).to_have_text(t("people"))
    await expect(widget.heading).to_be_focused()
    await press_by_keyboard(widget, "Carol")
    await expect(widget.composer).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(widget.view.get_by_role("button", name="Carol")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(widget.frame.get_by_role("button", name=t("people"))).to_be_focused()

    await press_by_keyboard(widget, t("check"))
    await expect(widget.view.get_by_label(t("check.label"))).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(widget.frame.get_by_role("button", name=t("check"), exact=True)).to_be_focused()

    await press_by_keyboard(widget, t("menu"))
    await expect(widget.heading).to_be_focused()
    await press_by_keyboard(widget, t("wallet"))
    await expect(widget.heading).to_be_focused()
    await tab_to(widget, wallet.name)
    await page.keyboard.press("Escape")
    await expect(widget.view.get_by_role("button", name=t("wallet"), exact=True)).to_be_focused()

    await press_by_keyboard(widget, t("erase"))
    dialog = widget.frame.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(widget.view.get_by_role("button", name=t("erase"))).to_be_focused()

    await press_by_keyboard(widget, t("ticket.close", number=number), back=True)
    await tab_to(widget, t("ticket.close.yes"))
    await page.keyboard.press("Enter")
    await expect(widget.composer).to_be_visible()
    await tab_to(widget, t("rate.score", score=5, most=5), back=True)
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await press_by_keyboard(widget, t("rate.send"))
    await expect(widget.view.get_by_text(t("rate.thanks", score=3, most=5))).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(widget.panel).not_to_be_visible()


async def test_what_lies_below_a_view_can_not_take_the_focus(visitor: Visitor) -> None:
    widget = await visitor.open()
    await widget.press(t("check"))
    frame = await widget.inner()
    for _ in range(12):
        await widget.page.keyboard.press("Tab")
        within = "document.activeElement.closest('main > *')"
        assert await frame.evaluate(
            f"[null, document.querySelector('main').lastElementChild].includes({within})"
        )


async def test_the_log_speaks_what_is_new_and_only_that(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    log = widget.frame.get_by_role("log")
    question, answer = f"question {uuid.uuid4()}", f"answer {uuid.uuid4()}"
    post = await widget.converse(question, answer)
    await expect(log).to_contain_text(f"Alice: {answer}")
    await expect(log).not_to_contain_text(question)
    await widget.page.reload()
    await widget.open()
    await expect(widget.bubble(answer)).to_be_visible()
    await system.telegram.send(ALICE, new := f"new {uuid.uuid4()}", reply_to=post.id)
    await expect(log).to_have_text(f"Alice: {new}")
    # The transcript itself is no live region: it would speak what is loaded, and every redrawing.
    await expect(widget.messages.locator("xpath=ancestor::*[@aria-live or @role='log']")).to_have_count(0)


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
async def test_nothing_moves_for_those_who_do_not_want_it(
    visitor: Visitor, system: System, wish: str
) -> None:
    await visitor.begin(reduced_motion=wish)
    widget = await visitor.open()
    await widget.converse(f"moving {uuid.uuid4()}", "not moving")
    moving = """(root) => [...root.querySelectorAll("*")].filter((one) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(one);
      return /[1-9]/.test(transitionDuration) || animationName !== "none" || scrollBehavior === "smooth";
    }).map((one) => one.outerHTML.slice(0, 80))"""
    found = await widget.frame.locator("html").evaluate(moving)
    host = await widget.page.locator("headset-widget").evaluate(f"(one) => ({moving})(one.shadowRoot)")
    if wish == "reduce":
        assert found + host == []
    else:
        assert host, "the control: something does move else"
