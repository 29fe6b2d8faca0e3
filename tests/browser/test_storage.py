"""Where the browser keeps nothing: it works for the visit, and says so."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.hosts import OTHER_SITE, SAME_SITE
from tests.browser.texts import t
from tests.browser.visitor import Visitor

REFUSE = """
for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
  Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
"""
FULL = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
PRIVATE_WINDOW = ""
"""Nothing to add: there Chromium itself refuses storage to a frame of another site."""


@pytest.mark.parametrize(
    ("host", "how"),
    [(SAME_SITE, REFUSE), (SAME_SITE, FULL), (OTHER_SITE, PRIVATE_WINDOW)],
    ids=["refused", "full", "private window"],
)
async def test_it_works_for_the_visit_and_says_so(visitor: Visitor, host: str, how: str) -> None:
    await (await visitor.begin()).add_init_script(how)
    widget = await visitor.open(host=host)
    await expect(widget.frame.get_by_text(t("state.storage"))).to_be_visible()
    question, answer = f"not kept {uuid.uuid4()}", f"answered all the same {uuid.uuid4()}"
    await widget.converse(question, answer)
    await widget.close()
    await widget.open()
    assert await widget.texts() == [question, answer]
    assert len(visitor.watch.sent("/v1/sessions")) == 1
    await expect(widget.frame.get_by_text(t("state.storage"))).to_be_visible()
    await widget.page.reload()
    await widget.open()
    await expect(widget.messages).to_have_count(0)


async def test_where_it_is_kept_nothing_is_said(visitor: Visitor) -> None:
    widget = await visitor.open()
    await widget.ask(f"kept {uuid.uuid4()}")
    await expect(widget.frame.get_by_text(t("state.storage"))).to_have_count(0)


@pytest.fixture
async def resident(visitor: Visitor, tmp_path: Path) -> Visitor:
    """Give a visitor whose browser has a profile on disk, and lets frames of other sites keep something."""
    (tmp_path / "Default").mkdir()
    preferences = {"profile": {"cookie_controls_mode": 0}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences))
    # The driver turns the partition off; of two such lists the last one counts.
    await visitor.begin(profile=tmp_path, more_args=["--disable-features=Translate"])
    return visitor


async def test_pages_of_two_sites_have_a_lasting_customer_each(resident: Visitor) -> None:
    """Chromium keeps one storage for each site that frames us: there it lasts, too."""
    here, there = await resident.open(host=SAME_SITE), await resident.open(host=OTHER_SITE)
    await here.ask(first := f"here {uuid.uuid4()}")
    await there.ask(second := f"there {uuid.uuid4()}")
    for widget, text in ((here, first), (there, second)):
        await widget.page.reload()
        await widget.open()
        await expect(widget.bubble(text)).to_be_visible()
        assert await widget.texts() == [text]
        await expect(widget.frame.get_by_text(t("state.storage"))).to_have_count(0)
