"""The console's main screens: their keys, names and what stands in their tabs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Section:
    """One main screen."""

    key: str
    name: str
    title: str
    short: str
    """For narrow terminals."""
    tooltip: str


SECTIONS = (
    Section(
        key="1",
        name="tickets",
        title="Tickets",
        short="Tickets",
        tooltip="All tickets; the number is those that wait for us",
    ),
    Section(
        key="2",
        name="direct",
        title="Direct",
        short="Direct",
        tooltip="Customers who write to you in private",
    ),
    Section(
        key="3",
        name="held",
        title="Held",
        short="Held",
        tooltip="What waits for somebody to release or drop it",
    ),
    Section(
        key="4", name="blocks", title="Blocks", short="Blocks", tooltip="Blocks and timeouts, active and past"
    ),
    Section(
        key="5",
        name="strangers",
        title="Strangers",
        short="Strangers",
        tooltip="Replies in the group that were not delivered",
    ),
    Section(key="6", name="moderators", title="Moderators", short="Mods", tooltip="The allow-list"),
    Section(key="7", name="audit", title="Audit", short="Audit", tooltip="Who did what, to whom, and when"),
    Section(key="8", name="overview", title="Overview", short="Overview", tooltip="Numbers and health"),
)
