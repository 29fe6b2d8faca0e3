"""The archive, and build.sh where it makes one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from maubot.loader.zip import ZippedPluginLoader

from stack.archive import ArchiveError, build

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
META = """\
maubot: 0.6.0
id: chat.example
version: 1.2.3
license: MIT
modules:
- plugin
main_class: plugin/Headset
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "a project"
    (root / "plugin" / "web").mkdir(parents=True)
    (root / "maubot.yaml").write_text(META)
    (root / "base-config.yaml").write_text("support_room: ''\n")
    (root / "plugin" / "__init__.py").write_text("from .bot import Headset\n")
    (root / "plugin" / "bot.py").write_text("class Headset: ...\n")
    (root / "plugin" / "web" / "page.html").write_text("<!doctype html>\n")
    return root


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_is_the_same_byte_for_byte_whatever_the_clock_and_the_leftovers(
    project: Path, tmp_path: Path
) -> None:
    first = build(project, tmp_path / "first").read_bytes()
    (project / "plugin" / "__pycache__").mkdir()
    (project / "plugin" / "__pycache__" / "bot.cpython-311.pyc").write_bytes(b"code")
    (project / "plugin" / ".bot.py.swp").write_bytes(b"an editor's")
    for path in project.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert build(project, tmp_path / "second").read_bytes() == first


def test_is_named_and_filled_as_maubot_wants_it(project: Path) -> None:
    archive = build(project, project / "dist")
    assert archive.name == "chat.example-v1.2.3.mbp"
    assert names(archive) == [
        "maubot.yaml",
        "base-config.yaml",
        "headset/__init__.py",
        "headset/bot.py",
        "headset/web/page.html",
    ]
    assert [path.name for path in (project / "dist").iterdir()] == [archive.name]


@pytest.mark.parametrize(
    ("written", "packed"),
    [
        (
            "modules:\n- plugin\nmain_class: plugin/Headset",
            "modules:\n- headset\nmain_class: headset/Headset",
        ),
        ("modules:\n  - plugin\nmain_class: Headset", "modules:\n  - headset\nmain_class: Headset"),
        ("modules: [plugin]\nmain_class: plugin/Headset", "modules: [headset]\nmain_class: headset/Headset"),
    ],
)
def test_has_a_module_name_of_its_own(project: Path, written: str, packed: str) -> None:
    meta = META.replace("modules:\n- plugin\nmain_class: plugin/Headset", written)
    (project / "maubot.yaml").write_text(meta)
    with zipfile.ZipFile(build(project, project / "dist")) as archive:
        assert archive.read("maubot.yaml").decode() == meta.replace(written, packed)


def test_refuses_a_module_it_cannot_rename(project: Path) -> None:
    (project / "maubot.yaml").write_text(META.replace("- plugin", "- something"))
    with pytest.raises(ArchiveError, match="exactly one module, `plugin`"):
        build(project, project / "dist")


@pytest.mark.parametrize(
    "statement",
    ["import plugin", "import plugin.bot", "from plugin import bot", "from plugin.bot import Headset as H"],
)
def test_refuses_absolute_imports_of_the_package(project: Path, statement: str) -> None:
    bot = project / "plugin" / "bot.py"
    bot.write_text(f"def late():\n    {statement}\n")
    with pytest.raises(ArchiveError, match=r"bot\.py:2: absolute import of `plugin`"):
        build(project, project / "dist")


def test_takes_imports_that_only_look_alike(project: Path) -> None:
    text = "from . import plugin\nimport plugins\nfrom .plugin import x\n'''\nimport plugin\n'''\n"
    (project / "plugin" / "bot.py").write_text(text)
    assert build(project, project / "dist").exists()


def test_maubot_accepts_the_projects_archive(tmp_path: Path) -> None:
    archive = build(ROOT, tmp_path)
    plugin_id, version, database = ZippedPluginLoader.verify_meta(BytesIO(archive.read_bytes()))
    assert archive.name == f"{plugin_id}-v{version}.mbp"
    assert database.value == "asyncpg"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can get into: pytest's own are root's alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def run_build(project: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    for name in ("build.sh", "stack/archive.py"):
        (project / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [project / "build.sh", *arguments], capture_output=True, text=True, check=False, **options
    )


def test_the_command_needs_no_environment_and_works_from_anywhere(project: Path) -> None:
    built = run_build(project, cwd="/", env={"PATH": os.environ["PATH"]})
    assert built.stdout == f"{project}/dist/chat.example-v1.2.3.mbp\n", built.stderr
    assert built.returncode == 0
    assert not (project / ".build").exists()


def test_the_command_names_what_is_wrong(project: Path) -> None:
    (project / "plugin" / "bot.py").write_text("import plugin\n")
    built = run_build(project)
    assert built.returncode == 1
    assert "absolute import of `plugin`" in built.stderr


def test_the_command_names_missing_packages_to_who_cannot_install_them(open_folder: Path) -> None:
    project = open_folder / "a project"
    project.mkdir()
    # What Debian's python3 lacks without python3-venv.
    (open_folder / "ensurepip.py").write_text("raise ImportError\n")
    options: dict[str, object] = {"env": {"PATH": os.environ["PATH"], "PYTHONPATH": str(open_folder)}}
    if os.geteuid() == 0:
        os.chown(project, NOBODY, NOBODY)
        options |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    built = run_build(project, "demo", **options)
    assert built.returncode == 2, built.stderr
    assert "missing Debian packages: python3-venv" in built.stderr


def test_an_environment_that_is_only_linked_is_never_cleared(tmp_path: Path) -> None:
    """Two clones may share environments; one with other requirements must not empty the other's."""
    clone, other = tmp_path / "clone", tmp_path / "other"
    (clone / "requirements").mkdir(parents=True)
    (clone / "requirements" / "main.txt").write_text("something-else==1\n")
    shutil.copy(ROOT / "build.sh", clone)
    (other / "bin").mkdir(parents=True)
    (other / ".made-from").write_text("what the other clone wants\n")
    (clone / ".build").mkdir()
    (clone / ".build" / "main").symlink_to(other)
    environment = os.environ | {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    run = subprocess.run(
        [clone / "build.sh", "demo"], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 1
    assert "another clone's" in run.stderr
    assert (other / ".made-from").read_text() == "what the other clone wants\n"
    assert (other / "bin").is_dir()
