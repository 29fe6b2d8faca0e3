"""The widget as browsers fetch it: policies, caches, sizes, languages."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from plugin.web.languages import Languages
from plugin.web.widget_files import LOADER, PAGE, WidgetFiles, read_widget_files
from tests.integration.plugin.desk import ORIGIN, Desk

FILES = read_widget_files()
ASSETS = [name for name in FILES if name not in (LOADER, PAGE) and not name.startswith("locales/")]
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
LOADER_LIMIT = 3000
OPENED_LIMIT = 25_000


async def get_build(desk: Desk) -> str:
    async with desk.http.get("/widget.js") as answer:
        found = re.search(r'"build":"([0-9a-f]{16})"', await answer.text())
    assert found
    return found[1]


def policy(answer: ClientResponse) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (directive.partition(" ") for directive in directives)}


async def test_the_page_may_do_only_what_it_needs_and_be_framed_only_by_the_allowed_sites(desk: Desk) -> None:
    async with desk.http.get("/widget") as answer:
        assert answer.status == 200
        assert policy(answer) == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "connect-src": "'self'",
            "img-src": "'self' data:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "require-trusted-types-for": "'script'",
            "frame-ancestors": f"'self' {ORIGIN}",
        }
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_who_may_frame_the_page_changes_with_the_configuration_also_for_who_has_it_already(
    desk: Desk, config: dict[str, Any]
) -> None:
    async with desk.http.get("/widget") as answer:
        tag = answer.headers["ETag"]
    config["widget"] = {**config["widget"], "allowed_origins": ["https://other.example.org"]}
    await desk.reload()
    async with desk.http.get("/widget", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200
        assert policy(answer)["frame-ancestors"] == "'self' https://other.example.org"


async def test_nothing_in_the_page_needs_what_its_policy_forbids(desk: Desk) -> None:
    async with desk.http.get("/widget") as answer:
        page = await answer.text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", page)
    scripts = b"".join(content for name, content in FILES.items() if name.endswith(".js")).decode()
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\bFunction\(|srcdoc"
    assert not re.search(forbidden, scripts)


async def test_the_page_is_asked_for_each_time_and_sent_once(desk: Desk) -> None:
    async with desk.http.get("/widget") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    async with desk.http.get("/widget", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
        assert await answer.read() == b""
        assert "frame-ancestors" in policy(answer)


async def test_everything_the_page_refers_to_is_there(desk: Desk) -> None:
    async with desk.http.get("/widget") as answer:
        page = await answer.text()
    assert "{build}" not in page
    for name in re.findall(r'(?:src|href)="([^"#][^"]*)"', page):
        if not name.startswith("data:"):
            async with desk.http.get(f"/{name}") as answer:
                assert answer.status == 200, name


async def test_every_import_of_a_script_is_there() -> None:
    for name, content in FILES.items():
        if not name.endswith(".js"):
            continue
        folder = Path("/") / Path(name).parent
        for other in re.findall(r'(?:from|import\() ?"(\.[^"]+)"', content.decode()):
            target = str((folder / other).resolve()).removeprefix("/")
            assert target in FILES, f"{name} imports {other}"


def code_of(content: bytes) -> list[str]:
    """Return the lines without indentation, empty ones and comments."""
    lines = [line.strip() for line in content.decode().splitlines()]
    return [line for line in lines if line and not line.startswith("//")]


def sheet_of(content: bytes) -> str:
    """Return a sheet without comments, blanks and the last semicolon of each rule."""
    blank = re.sub(r"/\*.*?\*/", "", content.decode(), flags=re.DOTALL)
    return "".join(blank.split()).replace(";}", "}")


async def test_comments_of_scripts_stay_at_home(desk: Desk) -> None:
    build = await get_build(desk)
    for name in [name for name in ASSETS if name.endswith(".js")]:
        async with desk.http.get(f"/widget/{build}/{name}") as answer:
            assert not re.search(r"^\s|^//", await answer.text(), re.MULTILINE), name


@pytest.mark.parametrize("name", ASSETS)
async def test_a_file_of_the_page_is_kept_for_ever(desk: Desk, name: str) -> None:
    build = await get_build(desk)
    async with desk.http.get(f"/widget/{build}/{name}") as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Origin, Accept-Encoding"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.content_type == TYPES[Path(name).suffix]
        assert answer.charset == "utf-8"
        read = sheet_of if name.endswith(".css") else code_of
        assert read(await answer.read()) == read(FILES[name])


async def test_a_page_of_another_build_gets_what_there_is_and_keeps_nothing(desk: Desk) -> None:
    async with desk.http.get("/widget/0123456789abcdef/frame.js") as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-cache"
        assert code_of(await answer.read()) == code_of(FILES["frame.js"])


@pytest.mark.parametrize(
    "path",
    [
        "/widget/{build}/none.js",
        "/widget/{build}/index.html",
        "/widget/{build}/widget.js",
        "/widget/{build}/__init__.py",
        "/widget/{build}/locales/en.json",
        "/widget/{build}/",
        "/widget/{build}/..%2fbot.py",
        "/widget/{build}/..%2f..%2fmaubot.yaml",
        "/widget/{build}/%2e%2e/bot.py",
        "/widget/short/frame.js",
        "/widget/",
        "/widget/frame.js",
    ],
)
async def test_nothing_else_is_served(desk: Desk, path: str) -> None:
    build = await get_build(desk)
    async with desk.http.get(path.replace("{build}", build)) as answer:
        assert answer.status == 404
        assert (await answer.json())["code"] == "not_found"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("x-gzipped", False),
    ],
)
@pytest.mark.parametrize("path", ["/widget", "/widget.js", "/widget/{build}/frame.js"])
async def test_who_takes_gzip_gets_gzip(desk: Desk, path: str, accepted: str, packed: bool) -> None:
    path = path.replace("{build}", await get_build(desk))
    async with desk.http.get(path, headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("Content-Encoding") == ("gzip" if packed else None)
        content = await answer.read()  # unpacked by the client
    async with desk.http.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert await answer.read() == content


@pytest.mark.parametrize("path", ["/widget", "/widget.js", "/widget/{build}/frame.js"])
async def test_head_is_get_without_the_body(desk: Desk, path: str) -> None:
    path = path.replace("{build}", await get_build(desk))
    async with desk.http.get(path) as whole, desk.http.head(path) as head:
        assert head.status == 200
        assert await head.read() == b""
        assert {**head.headers, "Date": ""} == {**whole.headers, "Date": ""}


async def test_the_loader_carries_the_settings_of_now(desk: Desk, config: dict[str, Any]) -> None:
    name = 'Ünited "Desk" </script> \u2028 {build} {desk}'
    for widget in ({"name": name, "color": "#123456"}, {"name": "Another", "color": "#abcdef"}):
        config["widget"] = {**config["widget"], **widget}
        await desk.reload()
        async with desk.http.get("/widget.js") as answer:
            script = await answer.text()
        assert widget["color"] in script
        assert await get_build(desk) in script
        assert ("Another" in script) == (widget["name"] == "Another")
    assert 'find("en")' in script


async def test_a_host_page_loads_the_loader_wherever_it_is_from(desk: Desk) -> None:
    async with desk.http.get("/widget.js", headers={"Origin": ORIGIN}) as answer:
        assert answer.status == 200
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Vary"] == "Origin, Accept-Encoding"
        assert answer.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=86400"
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


async def test_the_build_changes_with_any_file_and_with_nothing_else(desk: Desk) -> None:
    def build(files: dict[str, bytes]) -> str:
        return WidgetFiles(files, Languages.from_files(files), desk.plugin._get_settings).build

    assert build(dict(FILES)) == await get_build(desk)
    others = {build({**FILES, name: FILES[name] + b" "}) for name in FILES}
    assert len(others) == len(FILES)
    assert await get_build(desk) not in others


async def get_size(desk: Desk, path: str) -> int:
    async with desk.http.get(path, headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as answer:
        body = await answer.read()
    assert len(gzip.decompress(body)) > len(body)
    return len(body)


async def test_the_loader_is_small(desk: Desk) -> None:
    assert await get_size(desk, "/widget.js") <= LOADER_LIMIT


def loaded_at_once(name: str, known: set[str]) -> set[str]:
    """Return the names of a file and of all that it loads without being asked to."""
    if name in known:
        return known
    known |= {name}
    pattern = r'(?:src|href)="widget/{build}/([^"]+)"' if name == PAGE else r'(?:from|import) ?"(\.[^"]+)"'
    for other in re.findall(pattern, FILES[name].decode()):
        loaded_at_once(os.path.normpath(Path(name).parent / other), known)
    return known


async def test_the_opened_chat_is_small(desk: Desk) -> None:
    build = await get_build(desk)
    assets = loaded_at_once(PAGE, {"panel.js"}) - {PAGE}
    sizes = {name: await get_size(desk, f"/widget/{build}/{name}") for name in assets}
    sizes[PAGE] = await get_size(desk, "/widget")
    sizes["config"] = len(gzip.compress(await (await desk.http.get("/v1/config")).read()))
    assert sum(sizes.values()) <= OPENED_LIMIT, sizes


@pytest.mark.parametrize(
    ("query", "accepted", "locale"),
    [
        ("", "", "en"),
        ("", "ar", "ar"),
        ("", "xx, ar-EG;q=0.5, en;q=0.1", "ar"),
        ("?locale=ar", "en", "ar"),
        ("?locale=ar-EG", "en", "ar"),
        ("?locale=en-GB", "ar", "en"),
        ("?locale=tlh", "ar", "en"),
        ("?locale=%00%E2%80%AE", "ar", "en"),
        ("?locale=", "ar", "ar"),
    ],
)
async def test_the_texts_are_in_the_wished_language(
    desk: Desk, query: str, accepted: str, locale: str
) -> None:
    async with desk.http.get(f"/v1/config{query}", headers={"Accept-Language": accepted}) as answer:
        assert answer.status == 200
        config = await answer.json()
        assert answer.headers["Vary"] == "Origin, Accept-Language, Accept-Encoding"
    assert config["locale"] == locale
    assert config["dir"] == ("rtl" if locale == "ar" else "ltr")
    assert {"code": "en", "name": "English", "dir": "ltr"} in config["languages"]
    async with desk.http.get(f"/v1/config?locale={locale}") as answer:
        assert (await answer.json())["texts"] == config["texts"]
    assert config["texts"]["launcher.open"]
