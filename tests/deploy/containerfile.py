"""Reads deploy/Containerfile: the instructions that it uses, and no others."""

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.roots import Root

SOURCE = Path(__file__).parents[2]
DEPLOY = SOURCE / "deploy"
WORDS = ("ARG", "FROM", "RUN", "COPY", "ENV", "WORKDIR", "VOLUME", "EXPOSE", "USER", "HEALTHCHECK", "CMD")


@dataclass(frozen=True, kw_only=True)
class Step:
    word: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    name: str
    steps: tuple[Step, ...]

    def texts(self, word: str) -> list[str]:
        return [each.text for each in self.steps if each.word == word]

    def words(self, word: str) -> list[str]:
        """Of an instruction in its JSON form, such as CMD."""
        (text,) = self.texts(word)
        found: list[str] = json.loads(text[text.index("[") :])
        return found

    @property
    def env(self) -> dict[str, str]:
        return dict(text.split("=", 1) for text in self.texts("ENV"))


def steps(text: str) -> list[Step]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [
        Step(word=word, text=rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]
    assert {each.word for each in found} <= set(WORDS)
    return found


def stages(text: str) -> list[Stage]:
    """The last one is the image."""
    found: list[Stage] = []
    for step in steps(text):
        if step.word == "FROM":
            found.append(Stage(name=step.text.partition(" AS ")[2], steps=()))
        elif found:
            found[-1] = Stage(name=found[-1].name, steps=(*found[-1].steps, step))
    return found


def build(stage: Stage, root: Root, built: dict[str, Root]) -> None:
    """What needs the network gets pip's own configuration from this machine, as a build gets it."""
    folder, env = "/", {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    for step in stage.steps:
        if step.word == "WORKDIR":
            folder = step.text
            root.within(folder).mkdir(parents=True, exist_ok=True)
        elif step.word == "RUN":
            root.run(["sh", "-c", step.text], env=env, folder=folder)
        elif step.word == "COPY":
            copy(step.text, root.within(folder), root, built)


def copy(text: str, folder: Path, root: Root, built: dict[str, Root]) -> None:
    words = shlex.split(text)
    origin = built[words.pop(0).removeprefix("--from=")].path if words[0].startswith("--from=") else SOURCE
    *sources, target = words
    target_folder = root.within(target) if target.startswith("/") else folder / target
    for source in sources:
        found = origin / source.lstrip("/")
        if found.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(
                found, target_folder, symlinks=True, dirs_exist_ok=True, ignore=ignored if origin == SOURCE else None
            )
        else:
            shutil.copy2(found, target_folder)
