"""The address of a desk, as people paste it."""

from __future__ import annotations

import pytest

from console.state.address import BadAddress, desk_url

ROOT = "https://example.org/_matrix/maubot/plugin/support/"


@pytest.mark.parametrize(
    "pasted",
    [
        ROOT,
        ROOT.rstrip("/"),
        f"  {ROOT}\n",
        ROOT + "widget.js",
        ROOT + "widget.js?v=1#x",
        ROOT + "widget",
        ROOT + "v1/config",
        "example.org/_matrix/maubot/plugin/support",
        "HTTPS://EXAMPLE.org/_matrix/maubot/plugin/support",
    ],
)
def test_all_mean_the_same_desk(pasted: str) -> None:
    assert desk_url(pasted) == ROOT


@pytest.mark.parametrize(
    ("pasted", "root"),
    [
        ("https://help.example.org/widget.js", "https://help.example.org/"),
        ("https://help.example.org", "https://help.example.org/"),
        ("https://example.org/help/v1/config", "https://example.org/help/"),
        ("https://example.org/_matrix/maubot/plugin/v1", "https://example.org/_matrix/maubot/plugin/v1/"),
        ("http://127.0.0.1:29316/desk", "http://127.0.0.1:29316/desk/"),
        ("localhost:29316", "http://localhost:29316/"),
        ("http://[::1]:29316/", "http://[::1]:29316/"),
    ],
)
def test_a_desk_may_be_anywhere(pasted: str, root: str) -> None:
    assert desk_url(pasted) == root


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("", "no address"),
        ("https://", "no address"),
        ("ftp://example.org/", "no address"),
        ("https://example.org:port/", "no address"),
        ("https://alice:secret@example.org/", "password"),
        ("http://example.org/", "https"),
        ("http://127.0.0.1.example.org/", "https"),
    ],
)
def test_what_is_no_address_is_told_so(pasted: str, why: str) -> None:
    with pytest.raises(BadAddress, match=why):
        desk_url(pasted)
