"""The image's own steps, run in an empty root, end in a RomM that is healthy without a right more than it needs."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy import roots
from tests.deploy.containerfile import DEPLOY, SOURCE, Stage, build, stages, steps
from tests.deploy.roots import Root
from tests.fake_provider import free_port

TEXT = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
IMAGE = stages(TEXT)[-1]
STOP_SECONDS = 10  # Docker's, before it kills

needs_root = pytest.mark.skipif(bool(why := roots.missing()), reason=why or "it can run")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Root:
    built: dict[str, Root] = {}
    for stage in stages(TEXT):
        built[stage.name] = root = roots.empty(tmp_path_factory.mktemp(f"stage-{stage.name or 'image'}"))
        root.path.chmod(0o755)
        build(stage, root, built)
    return root


class Container:
    def __init__(self, root: Root, command: Sequence[str], **env: str) -> None:
        own = {"ROMM_HOST": "127.0.0.1", "ROMM_PORT": str(free_port())}
        self._root, self._env = root, IMAGE.env | own | env
        self._entered = subprocess.Popen(self._command(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def _command(self, command: Sequence[str]) -> list[str]:
        (folder,), (user,) = IMAGE.texts("WORKDIR"), IMAGE.texts("USER")
        volumes = IMAGE.words("VOLUME")
        return self._root.hardened(command, env=self._env, folder=folder, user=user, volumes=volumes)

    def beside(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(self._command(command), capture_output=True, text=True, timeout=60, check=False)

    @property
    def process(self) -> int:
        """Of process 1 inside, as this machine numbers it."""
        children = Path(f"/proc/{self._entered.pid}/task/{self._entered.pid}/children").read_text().split()
        return int(children[0])

    def status(self, name: str) -> str:
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))

    def is_healthy(self) -> bool:
        return self.beside(IMAGE.words("HEALTHCHECK")).returncode == 0

    def await_health(self) -> None:
        deadline = time.monotonic() + 60
        while not self.is_healthy():
            assert self._entered.poll() is None, self.output()
            assert time.monotonic() < deadline
            time.sleep(0.5)

    def stop(self) -> int:
        os.kill(self.process, signal.SIGTERM)
        return self._entered.wait(timeout=STOP_SECONDS)

    def end(self) -> None:
        with self._entered:  # closes its output, too
            self._entered.kill()

    def output(self) -> str:
        return self._entered.communicate(timeout=30)[0].decode()


@contextmanager
def container(root: Root, *command: str) -> Iterator[Container]:
    running = Container(root, command or IMAGE.words("CMD"))
    try:
        yield running
    finally:
        running.end()


@needs_root
def test_it_serves_healthily_as_a_user_of_its_own_on_a_root_that_nothing_can_write(image: Root) -> None:
    with container(image) as running:
        running.await_health()
        assert running.status("Uid").split() == ["10001"] * 4
        assert running.status("Gid").split() == ["10001"] * 4
        assert int(running.status("CapEff"), 16) == int(running.status("CapBnd"), 16) == 0
        assert running.status("NoNewPrivs") == "1"
        for path in ("/opt/romm/x", "/etc/x", "/x"):
            assert "Read-only file system" in running.beside(["touch", path]).stderr
        assert (image.path / "data/romm.db").stat().st_uid == 10001
        assert running.stop() == 0
    assert [each.name for each in (image.path / "data").iterdir()] == ["romm.db"]


@needs_root
def test_a_romm_that_does_not_answer_is_not_healthy(image: Root) -> None:
    with container(image, "sleep", "60") as running:
        assert not running.is_healthy()


@needs_root
def test_its_commands_are_in_the_path(image: Root) -> None:
    with container(image, "sleep", "60") as running:
        assert "ROMM_PORT" in running.beside(["romm", "settings"]).stdout


@needs_root
def test_it_has_the_drivers_of_all_databases_and_no_installer(image: Root) -> None:
    with container(image, "sleep", "60") as running:
        assert running.beside(["/opt/romm/bin/python3", "-c", "import asyncpg, pymysql"]).returncode == 0
        assert running.beside(["/opt/romm/bin/python3", "-c", "import pip"]).returncode != 0


def test_every_package_is_installed_by_its_hash_or_from_the_wheel_just_built() -> None:
    installs = [each for stage in stages(TEXT) for each in stage.texts("RUN") if " install " in each and "pip" in each]
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_it_names_no_address_to_install_from() -> None:
    assert not {
        word for word in ("http://", "https://", "--index", "-i ", "--find-links", "ADD") if word in _instructions()
    }


def _instructions() -> str:
    return "\n".join(f"{each.word} {each.text}" for each in steps(TEXT)).replace("import http.client", "")


def test_the_build_is_sent_what_it_copies_and_nothing_else() -> None:
    copied = {name.rstrip("/") for stage in stages(TEXT) for text in stage.texts("COPY") for name in _sources(text)}
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    assert {line[1:].rstrip("/") for line in ignored if line.startswith("!")} == copied
    assert all((SOURCE / each).exists() for each in copied)


def _sources(text: str) -> list[str]:
    return [] if text.startswith("--from=") else text.split()[:-1]


def test_the_only_volume_is_the_data_folder() -> None:
    assert IMAGE.words("VOLUME") == [IMAGE.env["ROMM_BASE_PATH"]]


def test_the_health_check_asks_whether_it_is_ready() -> None:
    assert "'/api/health/ready'" in IMAGE.words("HEALTHCHECK")[-1]


def test_a_stage_of_its_own_builds() -> None:
    built, ran = stages(TEXT)
    assert isinstance(built, Stage)
    assert built.name == "build"
    assert not any("pip" in each for each in ran.texts("RUN"))
