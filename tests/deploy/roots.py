"""Root folders in which commands run as in a container: of their own mounts and processes, on this machine's kernel.

Needs root, and util-linux. The network is this machine's.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DEBIAN = "ROMM_DEPLOY_ROOT"
"""Names a root folder of Debian's packages, made by debootstrap. Without it this machine's /usr is taken, read-only."""

FROM_HERE = ("PIP_INDEX_URL", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "SSL_CERT_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
SECONDS = 300

_MOUNT = """
mount --make-rprivate /
mount --bind "$root" "$root"
if [ "$usr" ]; then mount --bind /usr "$root/usr"; mount -o remount,bind,ro "$root/usr"; fi
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
for volume in $volumes; do mount --bind "$root$volume" "$root$volume"; done
if [ "$read_only" ]; then mount -o remount,bind,ro "$root"; fi
exec chroot "$root" "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Root:
    path: Path
    has_own_usr: bool

    def within(self, path: str) -> Path:
        return self.path / path.lstrip("/")

    def run(self, command: Sequence[str], *, env: Mapping[str, str], folder: str) -> None:
        """As root, and the root folder can be written."""
        here = {name: value for name, value in os.environ.items() if name.upper().startswith(FROM_HERE)}
        inside = ["env", f"--chdir={folder}", *command]
        subprocess.run(
            self._entered(inside, volumes=(), read_only=False), env=here | dict(env), check=True, timeout=SECONDS
        )

    def hardened(
        self, command: Sequence[str], *, env: Mapping[str, str], folder: str, user: str, volumes: Sequence[str]
    ) -> list[str]:
        """The command as `docker run --read-only --cap-drop=ALL --security-opt=no-new-privileges` starts it: process 1."""
        uid, gid = user.split(":")
        drop = [
            f"--reuid={uid}",
            f"--regid={gid}",
            "--clear-groups",
            "--no-new-privs",
            "--bounding-set=-all",
            "--inh-caps=-all",
        ]
        variables = [f"{name}={value}" for name, value in env.items()]
        inside = ["setpriv", *drop, "env", "--ignore-environment", f"--chdir={folder}", *variables, *command]
        return self._entered(inside, volumes=volumes, read_only=True)

    def _entered(self, command: Sequence[str], *, volumes: Sequence[str], read_only: bool) -> list[str]:
        facts = {
            "root": str(self.path),
            "usr": "" if self.has_own_usr else "1",
            "volumes": " ".join(volumes),
            "read_only": "1" if read_only else "",
        }
        script = "".join(f"{name}='{value}'\n" for name, value in facts.items()) + _MOUNT
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-eu", "-c", script, "sh", *command]


def missing() -> str:
    """Why there can be no root here, else empty."""
    if os.geteuid() != 0:
        return "the steps of a Containerfile run as root"
    mount = ["unshare", "--mount", "--pid", "--fork", "mount", "--make-rprivate", "/"]
    tried = subprocess.run(mount, capture_output=True, check=False)
    if tried.returncode:
        return f"this machine forbids mounts: {tried.stderr.decode().strip()}"
    debian = Path("/usr/bin/python3").exists() and Path("/etc/debian_version").exists()
    return "" if debian or DEBIAN in os.environ else "this machine's /usr is not Debian's"


def empty(path: Path) -> Root:
    """A base image's stand-in."""
    if made := os.environ.get(DEBIAN):
        subprocess.run(["cp", "--archive", f"{made}/.", path], check=True, timeout=SECONDS)
        _add_network(path)
        return Root(path=path, has_own_usr=True)
    for folder in ("usr", "etc", "dev", "proc", "tmp", "opt", "root"):
        (path / folder).mkdir()
    for link in ("bin", "sbin", "lib", "lib64"):
        (path / link).symlink_to(f"usr/{link}")
    (path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (path / "etc/group").write_text("root:x:0:\n")
    _add_network(path)
    return Root(path=path, has_own_usr=False)


def _add_network(path: Path) -> None:
    """Names, and the authorities that this machine trusts."""
    for name in ("resolv.conf", "hosts", "nsswitch.conf", "pip.conf"):
        if Path("/etc", name).exists():
            shutil.copy(f"/etc/{name}", path / "etc" / name)
    shutil.rmtree(path / "etc/ssl/certs", ignore_errors=True)
    shutil.copytree("/etc/ssl/certs", path / "etc/ssl/certs")
