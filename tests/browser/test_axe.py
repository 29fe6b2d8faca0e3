"""axe-core finds nothing to complain about in any view, in both themes and in two languages."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from playwright.async_api import Frame

from stack.matrix import MatrixUser
from tests.browser.tour import VIEWS, Tour
from tests.browser.visitor import Visitor

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => {
  const rules = { "target-size": { enabled: true } };
  const options = { rules, resultTypes: ["violations"], iframes: false };
  const { violations, passes } = await axe.run(document, options);
  const name = ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`;
  return { violations: violations.map(name), passes: passes.length };
}"""


async def judge(frame: Frame) -> list[str]:
    """Return what axe-core finds in a document, one line a rule."""
    # Straight into the engine: the page's policy lets no script tag in.
    if not await frame.evaluate("'axe' in window"):
        await frame.evaluate(AXE)
    result: dict[str, Any] = await frame.evaluate(RUN)
    assert result["passes"] > 5, "axe has looked at nothing"
    return list(result["violations"])


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_view_has_a_violation(visitor: Visitor, carol: MatrixUser, theme: str, locale: str) -> None:
    # Half transparent is no contrast: what appears is to be there at once.
    tour = await Tour.begin(visitor, theme=theme, locale=locale, reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    async for view in tour.views():
        found[view] = [] if view == "launcher" else await judge(await tour.widget.inner())
        # In the host page only the button changes, when it opens and closes.
        if view in ("launcher", "welcome"):
            found[view] += await judge(tour.widget.page.main_frame)
    assert list(found) == VIEWS
    assert {view: problems for view, problems in found.items() if problems} == {}


async def test_axe_would_find_something(visitor: Visitor) -> None:
    """The control of the tests above."""
    widget = await visitor.open()
    frame = await widget.inner()
    await frame.evaluate("document.documentElement.removeAttribute('lang')")
    await frame.evaluate("document.querySelector('.safety').style.color = '#ddd'")
    assert [line.split(":")[0] for line in await judge(frame)] == ["color-contrast", "html-has-lang"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("color", ["#ffe600", "#ffffff", "#7f7f7f", "#ff0055"])
async def test_any_colour_keeps_the_contrast(visitor: Visitor, theme: str, color: str) -> None:
    await visitor.begin(color_scheme=theme)
    widget = await visitor.open(data_color=color)
    await widget.write("https://example.org/a-link and some words")
    await widget.view.locator("li.sent").wait_for()
    visitor.watch.allow("ERR_INTERNET_DISCONNECTED")
    await visitor.context.set_offline(True)
    await widget.write("some more")
    await widget.view.locator("li.waiting").wait_for()
    assert await judge(await widget.inner()) == []
