"""Finds seed phrases, private keys and key files in what somebody is about to send.

`plugin/widget/secrets.js` does the same in the browser, for the English word list and without what takes
arithmetic on curves: there such a number is asked about. Both hold to tests/vectors/secrets.json.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .secret_findings import Certainty, Finding, Kind
from .secret_keys import find_key
from .seed_phrases import find_phrase

__all__ = ["Certainty", "Finding", "Kind", "judge"]


def judge(
    text: str, *, earlier: Sequence[str] = (), derives: Callable[[bytes], bool] | None = None
) -> Finding | None:
    """Return the secret that `text` gives away, or may, alone or with the customer's `earlier` texts.

    `earlier` is oldest first. `derives` tells whether 32 secret bytes make the customer's own address.
    """
    phrase = find_phrase(text, earlier)
    if phrase is not None and phrase.certainty == "refused":
        return phrase
    key = find_key(text, derives)
    return key if key is not None and key.certainty == "refused" else phrase or key
