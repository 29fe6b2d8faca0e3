"""Headset: customers in a web widget, answered by a support team from its own Telegram group."""

from __future__ import annotations

from .bot import Headset

__all__ = ["Headset"]
