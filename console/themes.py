"""The console's two looks: calm, and readable in both."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="headset-dark",
    primary="#7cb7ff",
    secondary="#8fa3bf",
    accent="#c3a6ff",
    success="#7fd1a0",
    warning="#e8c068",
    error="#ff8b84",
    foreground="#d8dee6",
    background="#12161c",
    surface="#1a2028",
    panel="#232b35",
    dark=True,
    variables={
        "text-muted": "#93a0b0",
        "footer-key-foreground": "#7cb7ff",
        "border": "#7cb7ff",
        "border-blurred": "#3a4553",
        "block-cursor-background": "#2c4664",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#242d38",
        "input-selection-background": "#7cb7ff 35%",
        "scrollbar": "#33404f",
        "scrollbar-hover": "#4a5b70",
        "scrollbar-active": "#7cb7ff",
        "scrollbar-background": "#151a21",
        "scrollbar-background-hover": "#151a21",
        "scrollbar-background-active": "#151a21",
    },
)

LIGHT = Theme(
    name="headset-light",
    primary="#1457a8",
    secondary="#4d5f76",
    accent="#6a3fb5",
    success="#176b3a",
    warning="#8a5300",
    error="#b3261e",
    foreground="#1c232c",
    background="#fafbfc",
    surface="#f1f3f6",
    panel="#e5e9ee",
    dark=False,
    variables={
        "text-muted": "#566273",
        "footer-key-foreground": "#1457a8",
        "text-success": "#176b3a",
        "text-warning": "#8a5300",
        "text-error": "#b3261e",
        "text-accent": "#6a3fb5",
        "border": "#1457a8",
        "border-blurred": "#c3ccd6",
        "block-cursor-background": "#cfe1f7",
        "block-cursor-foreground": "#0b1a2b",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e5e9ee",
        "input-selection-background": "#1457a8 25%",
        "scrollbar": "#c3ccd6",
        "scrollbar-hover": "#9fadbd",
        "scrollbar-active": "#1457a8",
        "scrollbar-background": "#eef1f4",
        "scrollbar-background-hover": "#eef1f4",
        "scrollbar-background-active": "#eef1f4",
    },
)

THEMES = (DARK, LIGHT)
