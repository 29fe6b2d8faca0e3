"""Run the real mautrix-telegram with the local data centre's RSA key as the only one it trusts.

HEADSET_DC_RSA_PUB names the file with the public key; the arguments are mautrix-telegram's own.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from telethon.crypto import rsa


def trust_only(public_key: bytes) -> None:
    """Make this process refuse every data centre but the one with this key, Telegram's own included."""
    rsa._server_keys.clear()
    rsa.add_key(public_key, old=False)


def main() -> None:
    # Started as a file, its folder is on the path: the bridge must not import our modules by mistake.
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != folder]
    trust_only(Path(os.environ["HEADSET_DC_RSA_PUB"]).read_bytes())
    sys.argv[0] = "mautrix-telegram"
    runpy.run_module("mautrix_telegram", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
