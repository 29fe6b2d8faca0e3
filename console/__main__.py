"""Lets `python -m` run the console where the command `headset` is not on the path."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main(prog_name="headset")
