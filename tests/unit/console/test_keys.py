"""Every key has help, no two do different things in one place, and the guide has them all."""

from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from console.widgets.keybar import commands_of
from tests.unit.console.key_tables import GUIDE, owners, table_of, tables_in

OWNERS = owners()


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
def test_every_key_says_what_it_does(owner: type[DOMNode]) -> None:
    assert [command for command in commands_of(owner) if not (command.name and command.help)] == []


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
def test_a_key_does_one_thing(owner: type[DOMNode]) -> None:
    keys = [binding.key for binding in Binding.make_bindings(vars(owner).get("BINDINGS", ()))]
    assert len(keys) == len(set(keys))


def test_the_guide_has_every_key() -> None:
    """Made anew by `python -m tests.unit.console.key_tables`."""
    told = tables_in(GUIDE.read_text(encoding="utf-8"))
    assert told == {title: table_of(owner) for title, owner in OWNERS.items()}
