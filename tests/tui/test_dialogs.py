"""The dialogs, each over an empty app: what the keys do and what is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static, TextArea

from console.state.block_wish import BlockWish
from console.widgets.block_form import BlockForm
from console.widgets.choice import Choice, Option
from console.widgets.confirm import Confirm
from console.widgets.prompt import Prompt
from tests.tui.steady import SteadyPilot

HOSTILE = "[/] [@click=app.quit]x[/] \x1b[31m\x1b]0;t\x07 \u202eolleh 🤝🏽\n" + "line\n" * 4000
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
NONE = object()


class Host(App[None]):
    """An app that is nothing but a dialog."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Any = NONE

    def ask(self, dialog: ModalScreen[Any]) -> None:
        def keep(answer: Any) -> None:
            self.answer = answer

        self.push_screen(dialog, keep)


@asynccontextmanager
async def asked(dialog: ModalScreen[Any]) -> AsyncIterator[tuple[Host, SteadyPilot]]:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(dialog)
        steady = SteadyPilot(pilot.app)
        await steady.pause()
        yield app, steady


def _text(app: Host, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("enter", True), ("n", False), ("escape", False)])
async def test_confirm_is_answered_by_a_key(key: str, answer: bool) -> None:
    async with asked(Confirm("Release it?", text="Send me your seed phrase", yes="Release")) as (app, pilot):
        assert "y Release" in _text(app, "#keys")
        assert _text(app, "#text Static") == "Send me your seed phrase"
        await pilot.press(key)
        assert app.answer is answer


async def test_confirm_shows_a_long_and_hostile_text_as_text() -> None:
    async with asked(Confirm(HOSTILE, text=HOSTILE, question=HOSTILE)) as (app, pilot):
        assert "[@click=app.quit]x[/]" in _text(app, "#text Static")
        assert "\x1b" not in _text(app, "#text Static")
        await pilot.press("pagedown", "down", "pageup", "up")
        assert app.screen.query_one("#text").scroll_offset.y == 0
        await pilot.press("space", "k", "j", "j")
        assert app.screen.query_one("#text").scroll_offset.y == 11
        await pilot.press("y")
        assert app.answer is True


def _names() -> Choice[str]:
    return Choice(
        "Assign to", [Option(value=n.lower(), label=n, detail="here") for n in ("Alice", "Bob", "Carol")]
    )


async def test_choice_gets_shorter_as_one_types() -> None:
    async with asked(_names()) as (app, pilot):
        rows = app.screen.query_one("#options", OptionList)
        assert rows.option_count == 3
        await pilot.press("o")
        assert rows.option_count == 2
        await pilot.press("down", "enter")
        assert app.answer == "carol"


async def test_choice_takes_the_first_on_enter() -> None:
    async with asked(_names()) as (app, pilot):
        await pilot.press("b", "o", "enter")
        assert app.answer == "bob"


async def test_choice_without_a_fit_says_so_and_takes_nothing() -> None:
    async with asked(_names()) as (app, pilot):
        await pilot.press("x", "enter")
        assert app.answer is NONE
        assert _text(app, "#none") == "Nothing fits"
        await pilot.press("escape")
        assert app.answer is None


async def test_an_empty_choice_says_why() -> None:
    async with asked(Choice[str]("Canned replies", [], empty="There are none yet")) as (app, pilot):
        assert _text(app, "#none") == "There are none yet"
        await pilot.press("enter", "escape")
        assert app.answer is None


async def test_choice_shows_hostile_labels_as_text() -> None:
    async with asked(Choice("x", [Option(value=1, label=HOSTILE, detail=HOSTILE)])) as (app, pilot):
        row = app.screen.query_one("#options", OptionList).get_option_at_index(0)
        assert "[@click=app.quit]x[/]" in str(row.prompt)
        await pilot.press("enter")
        assert app.answer == 1


async def test_prompt_gives_what_was_typed_without_spaces_around_it() -> None:
    async with asked(Prompt("Tags", value="vip", limit=10)) as (app, pilot):
        await pilot.press("space", "x", "space", "enter")
        assert app.answer == "vip x"


async def test_prompt_says_what_is_wrong_while_one_types() -> None:
    check = lambda text: None if text.isdigit() else "Digits only"  # noqa: E731
    async with asked(Prompt("Id", limit=3, check=check)) as (app, pilot):
        assert not app.screen.query_one("#problem").display
        await pilot.press("a")
        assert _text(app, "#problem") == "Digits only"
        await pilot.press("enter")
        assert app.answer is NONE
        await pilot.press("backspace", "1", "2", "3", "4")
        assert _text(app, "#problem") == "4 characters; 3 are allowed"
        await pilot.press("backspace", "enter")
        assert app.answer == "123"


async def test_prompt_of_several_lines_is_saved_by_ctrl_s() -> None:
    async with asked(Prompt("Text", value="one", lines=True)) as (app, pilot):
        await pilot.press("enter", "2")
        assert app.screen.query_one(TextArea).text == "one\n2"
        await pilot.press("ctrl+s")
        assert app.answer == "one\n2"


async def test_prompt_is_left_by_escape() -> None:
    async with asked(Prompt("Text", lines=True)) as (app, pilot):
        await pilot.press("x", "escape")
        assert app.answer is None


def _form(**options: Any) -> BlockForm:
    rules: dict[str, Any] = {"default": "3d", "longest": None, "forever": True, "now": lambda: NOW}
    return BlockForm("Mallory", **{**rules, **options})


async def test_block_form_takes_the_usual_length_on_enter() -> None:
    async with asked(_form()) as (app, pilot):
        assert "in 3d" in _text(app, "#end")
        await pilot.press("enter")
        assert app.answer == BlockWish(kind="block", duration="3d", forever=False, reason=None)


async def test_block_form_takes_a_length_and_a_reason() -> None:
    async with asked(_form(kind="timeout")) as (app, pilot):
        await pilot.press("down", "tab", *"spam", "enter")
        assert app.answer == BlockWish(kind="timeout", duration="1h", forever=False, reason="spam")


async def test_block_form_takes_a_length_that_is_typed() -> None:
    async with asked(_form(longest="30d", forever=False)) as (app, pilot):
        await pilot.press("end", "enter")
        assert app.answer is NONE
        assert "How long?" in _text(app, "#end")
        await pilot.press(*"31d")
        assert _text(app, "#end") == "The longest that is allowed is 30d"
        await pilot.press("enter")
        assert app.answer is NONE
        await pilot.press("backspace", "backspace", "backspace", *"2h", "enter")
        assert app.answer == BlockWish(kind="block", duration="2h", forever=False, reason=None)


async def test_block_form_takes_the_first_digit_while_the_list_has_the_focus() -> None:
    async with asked(_form(forever=False)) as (app, pilot):
        await pilot.press("end", *"12h", "enter")
        assert app.answer == BlockWish(kind="block", duration="12h", forever=False, reason=None)


async def test_block_form_offers_for_ever_only_where_it_is_allowed() -> None:
    async with asked(_form()) as (app, pilot):
        await pilot.press("end")
        assert _text(app, "#end") == "ends when it is lifted"
        assert not app.screen.query_one("#duration", Input).display
        await pilot.press("enter")
        assert app.answer == BlockWish(kind="block", duration=None, forever=True, reason=None)


async def test_block_form_is_left_by_escape() -> None:
    async with asked(_form()) as (app, pilot):
        await pilot.press("escape")
        assert app.answer is None


@pytest.mark.parametrize(
    ("dialog", "field", "save"),
    [
        (Prompt("A canned reply", lines=True), "#field", "ctrl+s"),
        (
            BlockForm("Mallory", default="3d", longest="30d", forever=False, now=lambda: NOW),
            "#reason",
            "enter",
        ),
    ],
)
async def test_what_is_typed_in_one_burst_with_the_key_that_saves_is_saved_whole(
    dialog: ModalScreen[Any], field: str, save: str
) -> None:
    """On a slow line many keys arrive at once."""
    async with asked(dialog) as (app, pilot):
        app.set_focus(app.screen.query_one(field))
        await pilot.pause()
        for letter in "promises":
            app.post_message(events.Key(letter, letter))
        for _ in range(2):
            app.post_message(events.Key(save, None))
        await pilot.pause()
        assert getattr(app.answer, "reason", app.answer) == "promises"
