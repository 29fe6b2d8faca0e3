"""Start the data centre: python -m stack.telegram --port P --control-port C --data DIR."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
from pathlib import Path

from .datacentre import DataCentre, Settings
from .live import Link


def parse_arguments() -> Settings:
    parser = argparse.ArgumentParser(
        prog="python -m stack.telegram", description="A local Telegram data centre with the team's page."
    )
    parser.add_argument("--port", type=int, required=True, help="MTProto port, 0 for a free one")
    parser.add_argument("--control-port", type=int, required=True, help="HTTP port, 0 for a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder of the state and the RSA key pair")
    parser.add_argument("--privacy", action="store_true", help="put the bot in privacy mode")
    parser.add_argument(
        "--link", type=parse_link, action="append", default=[], metavar="LABEL=URL", help="a link on the page"
    )
    values = parser.parse_args()
    return Settings(
        data=values.data,
        port=values.port,
        control_port=values.control_port,
        privacy=values.privacy,
        links=values.link,
    )


def parse_link(text: str) -> Link:
    """Parse LABEL=URL; the page must not be given a script as a link."""
    label, _, url = text.partition("=")
    if not label or not url.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is not LABEL=http…")
    return Link(label, url)


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    data_centre = DataCentre(settings)
    await data_centre.start()
    ports = {"port": data_centre.port, "control_port": data_centre.control_port}
    print(json.dumps(ports), flush=True)
    await stopping.wait()
    await data_centre.stop()


def main() -> None:
    settings = parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
