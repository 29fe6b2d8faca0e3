"""A folder on a disk so small that it can be filled, for one process."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

CHUNK = 64 * 1024
# A mount namespace of its own: the disk goes with the process, and nobody else sees it. Becoming root in it
# takes the signal away that ends the process with its parent.
MOUNT_AND_RUN = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec setpriv --pdeathsig KILL "$@"'


class SmallDisk:
    """A tmpfs of its own where the kernel lets us mount one; else the process may not let files grow."""

    def __init__(self, folder: Path, size: int) -> None:
        """`size` in bytes."""
        self._folder, self._size = folder, size
        self._namespace = _find_namespace()

    @property
    def is_real(self) -> bool:
        """Whether it is a file system; else it is a limit, which the process meets in the same calls."""
        return self._namespace is not None

    def command(self, command: Sequence[str | Path]) -> list[str]:
        """The command that runs another with its folder on the small disk."""
        plain = [str(part) for part in command]
        if self._namespace is None:
            return plain
        return [*self._namespace, "sh", "-c", MOUNT_AND_RUN, "sh", str(self._size), str(self._folder), *plain]

    @contextlib.contextmanager
    def filled(self, pid: int) -> Iterator[None]:
        """Leaves the process no byte of room for as long as the block lasts."""
        if self._namespace is None:
            former = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, former[1]))
            try:
                yield
            finally:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, former)
            return
        ballast = Path(f"/proc/{pid}/root{self._folder}/ballast")
        try:
            _write_until_full(ballast)
            yield
        finally:
            ballast.unlink(missing_ok=True)


def _write_until_full(path: Path) -> None:
    size = CHUNK
    with path.open("wb", buffering=0) as ballast:
        while size:
            try:
                ballast.write(bytes(size))
            except OSError:
                # Down to the last byte.
                size //= 2


def _find_namespace() -> list[str] | None:
    for options in (["--mount"], ["--mount", "--map-root-user"]):
        if options[-1] == "--mount" and os.geteuid() != 0:
            continue
        command = ["unshare", *options, "--propagation", "private"]
        probe = [*command, "setpriv", "--pdeathsig", "KILL", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return command
    return None
