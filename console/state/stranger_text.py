"""Somebody who replied and is not on the allow-list, in words."""

from __future__ import annotations

from datetime import datetime

from ..api.people import Stranger
from .facts import Facts, moment


def name_of(stranger: Stranger) -> str:
    """Return what they call themselves, which proves nothing."""
    if stranger.name:
        return stranger.name
    return stranger.sender if stranger.telegram_id is None else "no name"


def id_of(stranger: Stranger) -> str:
    """Return what tells one person from another."""
    return str(stranger.telegram_id) if stranger.telegram_id is not None else stranger.sender


def why_not(stranger: Stranger) -> str | None:
    """Return why nobody can be put on the allow-list for this reply; None where somebody can."""
    if stranger.telegram_id is None and not stranger.sender.startswith("@"):
        return "It does not say who wrote it."
    return None


def facts_of(stranger: Stranger, now: datetime, *, is_admin: bool) -> Facts:
    """Return all that is known of a reply."""
    return Facts(
        title=f"{stranger.name or id_of(stranger)} replied"
        + (f" to #{stranger.ticket}" if stranger.ticket else ""),
        facts=(
            ("Telegram", "" if stranger.telegram_id is None else str(stranger.telegram_id)),
            ("Matrix", stranger.sender),
            ("When", moment(stranger.at, now)),
        ),
        text=stranger.text,
        hint=(
            "Not delivered. If this is somebody of your team: a puts them on the allow-list."
            if is_admin
            else "Not delivered. An admin can put them on the allow-list."
        ),
    )
