"""Logging in and out on the command line."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from console.api.client import Client
from console.api.errors import Unauthorized
from console.state.config import ConfigFile
from console.state.profiles import Profiles
from tests.integration.console.running import Run
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import make_code

pytestmark = pytest.mark.usefixtures("home")


def token_files(home: Path) -> list[Path]:
    return list((home / "state").rglob("token"))


async def log_in(run: Run, desk: Desk, url: str, *options: str) -> str:
    """Log Alice in and return her token."""
    done = await run(*options, "login", url, stdin=await make_code(desk, "Alice") + "\n")
    assert done.exit_code == 0, done.stderr
    token = Profiles().choose(options[1] if options else None).tokens.load()
    assert token is not None
    return token


@pytest.mark.parametrize("end", ["", "/", "/widget.js", "/v1/config"])
async def test_login_takes_any_address_of_the_desk(
    run: Run, desk: Desk, url: str, home: Path, end: str
) -> None:
    code = await make_code(desk, "Alice")
    done = await run("login", url.rstrip("/") + end, stdin=f"  {code}\n")
    assert done.exit_code == 0, done.stderr
    assert "Example support" in done.stderr
    (path,) = token_files(home)
    assert done.stdout == (
        "Logged in as Alice (moderator), profile default.\n"
        f"The token is kept in {path}, which only you can read.\n"
    )
    assert path.read_text().strip() not in done.stdout + done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Profiles().config.read().profiles == {"default": url}
    assert (await run("tickets", "--json")).stdout == "[]\n"


async def test_a_wrong_code_is_refused_and_nothing_is_kept(
    run: Run, desk: Desk, url: str, home: Path
) -> None:
    done = await run("login", url, stdin="A" * 32 + "\n")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "headset: The desk does not take this code: it is mistyped, was used, or is older" in done.stderr
    assert token_files(home) == []
    assert Profiles().config.read().profiles == {}


async def test_what_is_no_desk_is_told_before_a_code_is_asked_for(run: Run, url: str) -> None:
    for address, exit_code, why in [
        ("http://example.org/", 2, "https://"),
        ("nonsense://", 2, "no address"),
        ("http://127.0.0.1:1/", 3, "There is no desk to be reached at http://127.0.0.1:1/"),
        (url + "elsewhere/", 1, "nothing here"),
    ]:
        done = await run("login", address)
        assert (done.exit_code, done.stdout) == (exit_code, ""), address
        assert why in done.stderr
        assert done.stderr.count("\n") == 1


async def test_a_new_login_ends_the_one_it_replaces(run: Run, desk: Desk, url: str) -> None:
    old = await log_in(run, desk, url)
    new = await log_in(run, desk, url)
    assert new != old
    client = Client(url, old)
    with pytest.raises(Unauthorized):
        await client.me()
    await client.close()


async def test_logout_ends_the_login_at_the_desk_too(run: Run, desk: Desk, url: str, home: Path) -> None:
    token = await log_in(run, desk, url)
    done = await run("logout")
    assert (done.exit_code, done.stdout) == (0, f"Logged out of {url}.\n")
    assert token_files(home) == []
    client = Client(url, token)
    with pytest.raises(Unauthorized):
        await client.me()
    await client.close()
    assert (await run("logout")).stdout == f"You are not logged in to {url}.\n"


async def test_logout_without_the_desk_only_if_that_is_wished(
    run: Run, desk: Desk, url: str, home: Path
) -> None:
    await log_in(run, desk, url)
    profile = Profiles().choose(None)
    gone = "http://127.0.0.1:1/"
    profile.config.put_profile("gone", gone)
    Profiles().choose("gone").tokens.save("abc")
    done = await run("--profile", "gone", "logout")
    assert done.exit_code == 3
    assert len(token_files(home)) == 2
    assert (await run("--profile", "gone", "logout", "--only-here")).exit_code == 0
    assert len(token_files(home)) == 1


async def test_a_revoked_token_asks_for_a_login_and_keeps_drafts(
    run: Run, desk: Desk, url: str, carol: Client
) -> None:
    token = await log_in(run, desk, url)
    store = Profiles().choose(None).open_store("alice")
    store.drafts.set("t1042", "half an answer")
    store.close()
    client = Client(url, token)
    await carol.revoke_token((await client.me()).token_id)
    await client.close()

    done = await run("tickets")
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr.startswith("headset: ")
    assert f"Log in: headset --profile default login {url} (drafts are kept)" in done.stderr
    assert done.stderr.count("\n") == 1

    await log_in(run, desk, url)
    store = Profiles().choose(None).open_store("alice")
    assert store.drafts.get("t1042") == "half an answer"
    store.close()


async def test_profiles(run: Run, desk: Desk, url: str) -> None:
    assert (await run("profiles")).stdout == ""
    await log_in(run, desk, url)
    await log_in(run, desk, url, "--profile", "second")
    assert (await run("profiles")).stdout == f"* default  {url}\n  second   {url}\n"
    assert json.loads((await run("profiles", "--json")).stdout) == [
        {"name": "default", "url": url, "default": True},
        {"name": "second", "url": url, "default": False},
    ]
    assert (await run("--profile", "second", "tickets")).exit_code == 0
    missing = await run("--profile", "third", "tickets")
    assert (missing.exit_code, missing.stderr) == (
        2,
        "headset: There is no profile third; there are: default, second.\n",
    )


async def test_a_profile_is_not_lost_to_another_desk(run: Run, desk: Desk, url: str) -> None:
    await log_in(run, desk, url)
    other = url.replace("127.0.0.1", "localhost")
    done = await run("login", other, stdin="code\n")
    assert done.exit_code == 2
    assert f"The profile default is a login at {url}: name another one" in done.stderr
    await log_in(run, desk, other, "--profile", "other")


async def test_without_a_login_each_command_says_how(run: Run) -> None:
    for command in (["tickets"], ["show", "1"], ["reply", "1", "x"], ["logout"], ["close", "1"]):
        done = await run(*command)
        assert (done.exit_code, done.stdout) == (4, "")
        assert done.stderr == (
            "headset: You are not logged in to any desk: headset login <address of the desk>.\n"
        )


async def test_a_broken_configuration_is_named_and_left_alone(run: Run, url: str, home: Path) -> None:
    path = home / "config" / "headset" / "config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("# mine\nteme: dark\n")
    for command in (["tickets"], ["login", url], ["profiles"]):
        done = await run(*command, stdin="code\n")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"headset: {path}, line 2: teme is not known")
    assert path.read_text() == "# mine\nteme: dark\n"


async def test_the_console_needs_a_terminal(run: Run) -> None:
    done = await run()
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "needs a terminal" in done.stderr


async def test_the_file_of_a_profile_explains_itself(run: Run, desk: Desk, url: str) -> None:
    await log_in(run, desk, url)
    assert isinstance(Profiles().config, ConfigFile)
    assert Profiles().config.path.read_text().startswith("# Settings of the Headset console.")
