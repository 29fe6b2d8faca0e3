"""Places on the allow-list, and logins, in words; and what is typed for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..api.people import Moderator, Token
from ..api.records import Role
from .facts import Facts, moment

_SOURCES = {
    "config": "configuration",
    "admins": "admins of the configuration",
    "runtime": "this list",
}


@dataclass(frozen=True, kw_only=True)
class ModeratorWish:
    """An entry that was typed."""

    name: str
    telegram_id: int | None
    mxid: str | None
    role: Role


def problem(name: str, telegram: str, mxid: str) -> str | None:
    """Say what is wrong with what was typed, or None; the desk has the last word."""
    if not name.strip():
        return "A name, please"
    if not telegram.strip() and not mxid.strip():
        return "A Telegram id or a Matrix id, please: by it they are known"
    if telegram.strip() and not (telegram.strip().isascii() and telegram.strip().isdigit()):
        return "A Telegram id is a number, such as 5550001; not a name, not a phone number"
    if mxid.strip() and not (mxid.strip().startswith("@") and ":" in mxid):
        return "A Matrix id looks like @alice:example.org"
    return None


def wish_from(name: str, telegram: str, mxid: str, *, is_admin: bool) -> ModeratorWish:
    """Return the entry; `problem` has found nothing."""
    return ModeratorWish(
        name=name.strip(),
        telegram_id=int(telegram) if telegram.strip() else None,
        mxid=mxid.strip() or None,
        role="admin" if is_admin else "moderator",
    )


def source_of(moderator: Moderator) -> str:
    """Return where the entry stands."""
    return _SOURCES.get(moderator.source, moderator.source)


def why_fixed(moderator: Moderator) -> str | None:
    """Return why the entry can't be changed here, or None where it can."""
    if moderator.source == "runtime":
        return None
    return f"{moderator.name} stands in the configuration: change it there."


def facts_of(moderator: Moderator, *, is_admin: bool) -> Facts:
    """Return all that is known of a place on the allow-list."""
    fixed = why_fixed(moderator)
    logins = f"{moderator.tokens} logins" if moderator.tokens != 1 else "1 login"
    return Facts(
        title=moderator.name,
        facts=(
            ("Role", moderator.role),
            ("Telegram", "" if moderator.telegram_id is None else str(moderator.telegram_id)),
            ("Matrix", moderator.mxid or ""),
            ("Known as", ", ".join(f"@{handle}" for handle in moderator.handles)),
            ("Source", source_of(moderator)),
            ("Console", logins if moderator.tokens else "no login"),
        ),
        hint=fixed or "" if is_admin else "",
    )


def used(token: Token, now: datetime) -> str:
    """Return when a login was used last."""
    if token.current:
        return "now, this console"
    return moment(token.used_at, now) if token.used_at is not None else "never"
