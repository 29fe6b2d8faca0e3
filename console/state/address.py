"""The address of a desk, out of what people paste."""

from __future__ import annotations

import re

from yarl import URL

from ..api.http import is_loopback

EXAMPLE = "https://example.org/_matrix/maubot/plugin/support"

# Below maubot's own path one segment is the instance; elsewhere a proxy gave it a path of its own.
_INSTANCE = re.compile(r"(.*/_matrix/maubot/plugin/[^/]+)(?:/.*)?")
_OWN = re.compile(r"/(?:widget\.js|widget|v1(?:/.*)?)/*$")


class BadAddress(Exception):
    """The text is no address of a desk; it says why."""


def desk_url(text: str) -> str:
    """Return the root of the desk that a pasted address is of or below, with its slash. Raises BadAddress."""
    text = text.strip()
    try:
        url = URL(text if "://" in text else _with_scheme(text))
    except ValueError:
        raise BadAddress(f"{text} is no address; one looks like {EXAMPLE}.") from None
    if not url.host or url.scheme not in ("https", "http"):
        raise BadAddress(f"{text} is no address of a desk; one looks like {EXAMPLE}.")
    if url.user or url.password:
        raise BadAddress("An address with a user's name or password in it is not taken.")
    if url.scheme == "http" and not is_loopback(url):
        raise BadAddress("The address must begin with https://: others could read along.")
    below = _INSTANCE.fullmatch(url.path)
    path = below[1] if below else _OWN.sub("", url.path)
    return str(url.origin().with_path(path.rstrip("/") + "/"))


def _with_scheme(text: str) -> str:
    """Return an address that was typed without `https://`, which is what it means."""
    return f"{'http' if is_loopback(URL(f'http://{text}')) else 'https'}://{text}"
