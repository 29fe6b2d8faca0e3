"""The console as people install it: a wheel with a module of its own, and nothing else of the repository."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from console import __version__

ROOT = Path(__file__).parents[3]
NAME = f"headset_console-{__version__}"

_IMPORT_NAMES = {"ruamel-yaml": "ruamel"}
"""Where a distribution's module is called otherwise."""


def build(target: str, folder: Path) -> Path:
    """Build with the environment's hatchling, without a look at any index."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder in which the wheel is installed, and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where only the installed module, and the environment's packages, are to be found."""
    environment = {**os.environ, "PYTHONPATH": str(site), "XDG_CONFIG_HOME": str(site), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=site, env=environment, capture_output=True, text=True
    )


def sources() -> dict[str, Path]:
    """Return the files of the console, by their names below it."""
    files = (path for path in (ROOT / "console").rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT / "console").as_posix(): path
        for path in files
        if "__pycache__" not in path.parts
    }


def test_it_holds_the_console_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == f"{NAME}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        code = {name for name in names if not name.startswith(f"{NAME}.dist-info/")}
        assert code == {f"headset_console/{name}" for name in sources()}
        assert {name.partition("/")[2] for name in names - code} == {
            "METADATA",
            "RECORD",
            "WHEEL",
            "entry_points.txt",
            "licenses/LICENSE",
        }
        for name, path in sources().items():
            assert archive.read(f"headset_console/{name}") == path.read_bytes()
        entry_points = archive.read(f"{NAME}.dist-info/entry_points.txt").decode()
    assert entry_points.split("\n")[:2] == ["[console_scripts]", "headset = headset_console.cli:main"]
    assert "headset_console/console.tcss" in names


def test_the_source_distribution_holds_no_more(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.removeprefix(f"{NAME}/") for name in archive.getnames()}
    extra = {"LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert {name for name in names if not name.startswith("console/")} <= extra
    assert {name.removeprefix("console/") for name in names if name.startswith("console/")} == set(sources())


def test_it_runs_where_it_is_installed(site: Path) -> None:
    version = run(site, "-m", "headset_console", "--version")
    assert (version.stdout, version.stderr) == (f"headset, version {__version__}\n", "")
    shown = run(site, "-c", "from headset_console.cli import main; main()", "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "login     Log in to a desk." in shown.stdout
    tickets = run(site, "-m", "headset_console", "tickets")
    assert tickets.returncode == 4
    assert tickets.stderr.startswith("headset: You are not logged in")


def test_no_module_of_it_needs_the_repository(site: Path) -> None:
    script = (
        "import importlib, pkgutil, sys, headset_console as top\n"
        "names = [m.name for m in pkgutil.walk_packages(top.__path__, 'headset_console.')]\n"
        "for name in names:\n"
        "    if not name.endswith('__main__'):\n"
        "        importlib.import_module(name)\n"
        "assert not {'console', 'plugin', 'stack'} & set(sys.modules)\n"
        "print(len(names))\n"
    )
    done = run(site, "-W", "error", "-c", script)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 30


def test_every_module_that_is_imported_is_declared(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{NAME}.dist-info/METADATA").decode()
    declared = re.findall(r"^Requires-Dist: ([A-Za-z0-9._-]+)>=", metadata, re.MULTILINE)
    imported = {
        name.partition(".")[0]
        for path in (ROOT / "console").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imports(node)
    }
    foreign = {name for name in imported if name not in sys.stdlib_module_names}
    assert foreign == {_IMPORT_NAMES.get(name, name) for name in declared}


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module]
    return []


def test_plugin_and_console_are_one_version() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "maubot.yaml").read_text()
