"""Workflows and forms are valid, and what they name exists: sessions, commands, files, versions of Python."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from romm.cli.main import main
from tests.deploy.containerfile import SOURCE
from tests.deploy.documents import documents, fits_schema

GITHUB = SOURCE / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE" / "config.yml"})
CI = (SOURCE / ".ci" / "run").read_text(encoding="utf-8")
QUICK = {"lint", "types", "docs"}
"""With the tests, what `nox` alone runs."""

_TAG = re.compile(r"[\w./-]+@v\d+")


def sessions() -> set[str]:
    """From its text: importing it would register its sessions a second time where nox runs the tests."""
    text = (SOURCE / "noxfile.py").read_text(encoding="utf-8")
    named = set(re.findall(r"^@nox\.session(?:\(.*\))?\ndef (\w+)", text, re.MULTILINE))
    interpreters = re.findall(r'"([\d.]+)"', text.partition("INTERPRETERS = [")[2].partition("]")[0])
    return named - {"tests"} | {f"tests-{python}" for python in interpreters}


def jobs(path: Path) -> Iterator[dict[str, Any]]:
    (workflow,) = documents(path)
    yield from workflow["jobs"].values()


def steps() -> Iterator[dict[str, Any]]:
    for path in WORKFLOWS:
        for job in jobs(path):
            yield from job["steps"]


def run_in(path: Path) -> set[str]:
    """The sessions that a workflow runs, with every value of its matrix."""
    found: set[str] = set()
    for job in jobs(path):
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                if "nox -s " in line:
                    words = shlex.split(line.partition("nox -s ")[2].replace("${{ ", "${{").replace(" }}", "}}"))
                    found |= {each for word in words for each in filled(word, matrix)}
    return found


def filled(word: str, matrix: dict[str, list[str]]) -> list[str]:
    if (found := re.search(r"\$\{\{matrix\.(\w+)\}\}", word)) is None:
        return [word]
    return [word.replace(found[0], value) for value in matrix[found[1]]]


def test_they_fit_githubs_schemas() -> None:
    assert not fits_schema("github-workflows", *WORKFLOWS)
    assert not fits_schema("github-issue-forms", *FORMS)
    assert not fits_schema("github-issue-config", GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    assert not fits_schema("dependabot", GITHUB / "dependabot.yml")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_session_that_a_workflow_runs_exists(path: Path) -> None:
    assert run_in(path) <= sessions()
    assert run_in(path)


def test_the_checks_are_those_of_a_release() -> None:
    last = CI.strip().splitlines()[-1]
    of_release = set(re.findall(r"[a-z]\w+", last.partition("nox -s ")[2])) - {"others"}
    python = {each for each in sessions() if each.startswith("tests-")}
    assert run_in(GITHUB / "workflows" / "checks.yml") - {"audit"} == of_release | QUICK | python


def test_each_action_is_named_by_the_tag_of_a_version_and_cannot_push() -> None:
    used = [step for step in steps() if "uses" in step]
    assert all(_TAG.fullmatch(step["uses"]) for step in used)
    checkouts = [step for step in used if step["uses"].startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert checkouts


def test_a_workflow_has_no_more_rights_than_its_job_needs() -> None:
    for path in WORKFLOWS:
        (workflow,) = documents(path)
        assert workflow["permissions"] in ({}, {"contents": "read"})


def test_no_text_of_a_stranger_reaches_a_shell() -> None:
    commands = [step["run"] for step in steps() if "run" in step]
    assert all(set(re.findall(r"\$\{\{ *(\w+)", each)) <= {"matrix"} for each in commands)


def test_the_form_asks_for_the_report_of_the_doctor() -> None:
    text = (GITHUB / "ISSUE_TEMPLATE" / "problem.yml").read_text(encoding="utf-8")
    assert "romm doctor --report" in text
    assert "--report" in CliRunner().invoke(main, ["doctor", "--help"]).output


def test_the_classifiers_are_the_versions_that_are_tested_here() -> None:
    """3.14 is tested by the workflow only, so far."""
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [found[1] for each in project["classifiers"] if (found := re.search(r":: (3\.\d+)$", each))]
    assert named == ["3.11", "3.12", "3.13"]
    assert "Typing :: Typed" in project["classifiers"]
    assert (SOURCE / "src" / "romm" / "py.typed").exists()


def test_what_the_hooks_run_is_what_lint_runs() -> None:
    (hooks,) = documents(SOURCE / ".pre-commit-config.yaml")
    lint = (SOURCE / "noxfile.py").read_text(encoding="utf-8")
    for hook in hooks["repos"][0]["hooks"]:
        words = [each for each in hook["entry"].split() if not each.startswith("--")]
        assert ", ".join(f'"{each}"' for each in words) in lint


def test_the_container_for_development_installs_from_files_that_are_there() -> None:
    container = json.loads((SOURCE / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    files = re.findall(r"-r (\S+)", container["postCreateCommand"])
    assert files
    assert all((SOURCE / each).exists() for each in files)


@pytest.mark.parametrize("name", ["runtime", "postgres", "mysql"])
def test_every_package_of_an_installation_has_its_hash_and_no_address(name: str) -> None:
    lines = (SOURCE / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pinned = [number for number, line in enumerate(lines) if "==" in line]
    assert pinned
    assert all("--hash=sha256:" in lines[number + 1] for number in pinned)
    assert not any("://" in line or "--index" in line for line in lines)


def test_no_text_installs_romm_by_a_name_that_no_index_has() -> None:
    texts = [
        *SOURCE.glob("*.md"),
        *SOURCE.glob("docs/**/*.md"),
        *(SOURCE / "src").rglob("*.py"),
        *(SOURCE / "deploy").rglob("*.*"),
    ]
    by_name = re.compile(r"install[^\n]*\bromm-sign-in(?!:)\b|romm-sign-in\[")
    assert not [path.name for path in texts if path.is_file() and by_name.search(path.read_text(encoding="utf-8"))]
