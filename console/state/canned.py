"""Canned replies: their variables."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\{(customer|ticket|moderator)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of `{customer}`, `{ticket}` and `{moderator}`; any other brace stays as it is."""
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)
