"""What the search for secrets finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["phrase", "key", "keystore"]
Certainty = Literal["refused", "suspected"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A secret, or what may be one; `earlier` texts belong to it, counted from the newest."""

    kind: Kind
    certainty: Certainty
    earlier: int = 0
