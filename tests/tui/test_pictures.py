"""The guide shows the console as it is."""

from __future__ import annotations

import pytest

from tests.tui.pictures import PICTURES, SHOWN, SNAPSHOTS

GUIDE = PICTURES.parents[1] / "moderators.md"


@pytest.mark.parametrize("name", SHOWN)
def test_each_picture_is_in_the_guide_and_is_what_the_tests_compare(name: str) -> None:
    assert (PICTURES / f"{name}.svg").read_bytes() == (SNAPSHOTS / SHOWN[name]).read_bytes()
    assert f"(pictures/console/{name}.svg)" in GUIDE.read_text(encoding="utf-8")


def test_there_is_no_picture_of_another_time() -> None:
    assert {path.stem for path in PICTURES.iterdir()} == set(SHOWN)
