"""Builds the plugin's archive, byte for byte the same each time, with the standard library only."""

from __future__ import annotations

import ast
import re
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

SOURCE_PACKAGE = "plugin"
# Two archives whose module is called `plugin` run each other's code in one maubot: ours has its own name.
MODULE = "headset"
EXTRA_FILES = ("base-config.yaml", "LICENSE")
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
UNIX = 3


class ArchiveError(Exception):
    """The plugin can't be packed as it stands."""


@dataclass(frozen=True, kw_only=True)
class Meta:
    """What of maubot.yaml decides the archive's name, and the text that goes into it."""

    id: str
    version: str
    text: str

    @property
    def file_name(self) -> str:
        return f"{self.id}-v{self.version}.mbp"


def read_meta(path: Path) -> Meta:
    """Reads maubot.yaml and renames the module in it."""
    text = path.read_text(encoding="utf-8")
    plugin_id, version = _scalar(text, "id"), _scalar(text, "version")
    return Meta(id=plugin_id, version=version, text=_rename_module(text))


def build(root: Path, out: Path) -> Path:
    """Writes the archive of the project at `root` into the folder `out` and returns its path."""
    meta = read_meta(root / "maubot.yaml")
    files = {"maubot.yaml": meta.text.encode()}
    files |= {name: (root / name).read_bytes() for name in EXTRA_FILES if (root / name).is_file()}
    files |= _package_files(root / SOURCE_PACKAGE)
    out.mkdir(parents=True, exist_ok=True)
    target = out / meta.file_name
    # Written aside and moved into place: nobody who reads the old archive gets half of the new one.
    with tempfile.NamedTemporaryFile(dir=out, prefix=".", suffix=".part", delete=False) as part:
        part_path = Path(part.name)
    try:
        _write_zip(part_path, files)
        part_path.chmod(0o644)
        part_path.replace(target)
    finally:
        part_path.unlink(missing_ok=True)
    return target


def _scalar(text: str, key: str) -> str:
    found = re.search(rf"^{key}:[ \t]*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
    if found is None:
        raise ArchiveError(f"maubot.yaml has no `{key}`")
    return found[1]


def _rename_module(text: str) -> str:
    block = rf"^(modules:[ \t]*\n[ \t]*-[ \t]*){SOURCE_PACKAGE}[ \t]*$"
    flow = rf"^(modules:[ \t]*\[[ \t]*){SOURCE_PACKAGE}(?=[ \t]*\])"
    for pattern in (block, flow):
        renamed, count = re.subn(pattern, rf"\g<1>{MODULE}", text, flags=re.MULTILINE)
        if count == 1:
            main_class = rf"^(main_class:[ \t]*){SOURCE_PACKAGE}(?=/)"
            return re.sub(main_class, rf"\g<1>{MODULE}", renamed, flags=re.MULTILINE)
    raise ArchiveError(f"maubot.yaml must list exactly one module, `{SOURCE_PACKAGE}`")


def _package_files(package: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for path in sorted(package.rglob("*")):
        relative = path.relative_to(package)
        if not path.is_file() or path.suffix == ".pyc" or _is_hidden(relative):
            continue
        content = path.read_bytes()
        if path.suffix == ".py":
            _refuse_absolute_imports(path, content)
        files[f"{MODULE}/{relative.as_posix()}"] = content
    if f"{MODULE}/__init__.py" not in files:
        raise ArchiveError(f"{package} has no __init__.py")
    return files


def _is_hidden(relative: Path) -> bool:
    return any(part == "__pycache__" or part.startswith(".") for part in relative.parts)


def _refuse_absolute_imports(path: Path, source: bytes) -> None:
    for node in ast.walk(ast.parse(source, filename=str(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        if any(name.split(".")[0] == SOURCE_PACKAGE for name in names):
            raise ArchiveError(
                f"{path}:{node.lineno}: absolute import of `{SOURCE_PACKAGE}`; inside maubot that name is "
                "another plugin's or nobody's, use a relative import"
            )


def _write_zip(path: Path, files: dict[str, bytes]) -> None:
    # Stored, not deflated: zlib's output differs from one build of Python to the next.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
            info.create_system = UNIX
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)


def main() -> int:
    """Builds dist/ of the project this file lies in and prints the archive's path."""
    root = Path(__file__).resolve().parent.parent
    try:
        print(build(root, root / "dist"))
    except (ArchiveError, OSError, SyntaxError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
