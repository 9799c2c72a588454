"""Every check of the project: `nox -l` lists them, `nox` runs those that each change needs."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nox
from nox.command import CommandFailed

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
INTERPRETERS = ["3.11", "3.12", "3.13", "3.14"]

nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", f"tests-{RUNNING}", "docs"]
nox.options.error_on_missing_interpreters = False  # else nox sets it where CI is set
nox.options.download_python = "never"

PYENV = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
os.environ["PATH"] += "".join(f"{os.pathsep}{folder}" for folder in sorted(PYENV.glob("versions/3.*/bin")))
"""pyenv hides the interpreters that are not its default one; at the end of the path they take no other's place."""

LOCKED = {
    "runtime": ["pyproject.toml"],
    "postgres": ["pyproject.toml", "--extra=postgres"],
    "mysql": ["pyproject.toml", "--extra=mysql"],
    "otel": ["pyproject.toml", "--extra=otel"],
    "demo": ["pyproject.toml", "--extra=demo", "--group=build"],
    "test": ["pyproject.toml", "--all-extras", "--group=build", "--group=test"],
    "types": [
        "pyproject.toml",
        "--all-extras",
        "--group=build",
        "--group=test",
        "--group=e2e",
        "--group=schemathesis",
        "--group=types",
        "--group=bench",
    ],
    "bench": ["pyproject.toml", "--all-extras", "--group=build", "--group=test", "--group=bench"],
    "e2e": ["pyproject.toml", "--all-extras", "--group=build", "--group=test", "--group=e2e"],
    "schemathesis": ["pyproject.toml", "--all-extras", "--group=build", "--group=test", "--group=schemathesis"],
    "lint": ["--group=build", "--group=lint"],
    "build": ["--group=build"],
    "passwords": ["--group=passwords"],
    "nox": ["--group=nox"],
    "lock": ["--group=lock"],
    "audit": ["--group=audit"],
    "sbom": ["--group=sbom"],
    "deploy": ["pyproject.toml", "--all-extras", "--group=build", "--group=test", "--group=deploy"],
}
"""Arguments of `uv pip compile` for each file in `requirements/`."""

NODE_PACKAGES = ["oidc-provider@9.13.3", "jose@6.2.17", "axe-core@4.14.1"]
"""A certified provider, and an accessibility checker."""

KEYCLOAK = "org.keycloak:keycloak-quarkus-dist:26.4.5:zip"
DJANGO_PACKAGES = ["django==5.2.19", "django-oauth-toolkit==3.4.1"]
CANAILLE_PACKAGES = ["canaille[front,oidc]==0.3.6"]
SPRING_BOOT = {"ROMM_SPRING_1_CLASSPATH": "3.5.7", "ROMM_SPRING_7_CLASSPATH": "4.0.7"}  # servers 1.5.3 and 7.0.6
DEX = "github.com/dexidp/dex/cmd/dex@v2.45.1"
"""What `nox -s providers` runs beside the shapes of these versions."""

CLIENTS = {"REQUESTS_OAUTHLIB": "requests-oauthlib==2.0.0", "MCP_ROMM": "mcp-romm==1.2.1"}
OPENID_CLIENT = "openid-client@6.9.0"
GOLANG_OAUTH2 = Path("tests/compatibility/clients/oauth2")
"""What `nox -s compatibility` runs against RomM; Authlib is among the tests' packages."""

COMMON_PASSWORDS_FILE = Path("src/romm/adapters/accounts/common_passwords.txt")
COMMON_PASSWORDS, MIN_PASSWORD_LENGTH = 3000, 8  # OWASP ASVS 5.0, 6.2.4: of those that the password rules let pass
ZXCVBN_LICENCE = """
from importlib.metadata import distribution
zxcvbn = distribution("zxcvbn")
print(f"The most common passwords, most common first: from zxcvbn {zxcvbn.version} for Python, by `nox -s passwords`.\\n")
print(*(file.read_text() for file in zxcvbn.files if file.name.startswith("LICENSE")))
"""
ZXCVBN_PASSWORDS = """
from zxcvbn.frequency_lists import FREQUENCY_LISTS
print(*FREQUENCY_LISTS["passwords"], sep="\\n")
"""

PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin"
"""Where servers are installed; only root has /usr/sbin in the path."""


def install(session: nox.Session, requirements: str) -> None:
    """Install pinned, hashed packages, and RomM from the tree."""
    session.install("--require-hashes", "-r", f"requirements/{requirements}.txt")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and import contracts."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Strict type checking."""
    install(session, "types")
    session.run("mypy", *session.posargs)


@nox.session(python=sorted({*INTERPRETERS, RUNNING}))
def tests(session: nox.Session) -> None:
    """Every quick test, without browser and database server, by each Python; `-- --cov` adds the coverage."""
    install(session, "test")
    # Some containers disable bytecode files; then every process that a test starts compiles all of RomM.
    env = {"PYTHONDONTWRITEBYTECODE": ""}
    slow = ("e2e", "fuzzing", "providers", "misconfigured", "fixes", "deploy", "compatibility/clients")
    apart = [f"--ignore=tests/{folder}" for folder in slow]
    session.run("pytest", "-n", "auto", *apart, *session.posargs, env=env)


@nox.session
def docs(session: nox.Session) -> None:
    """The tables in the documentation match the code."""
    install(session, "test")
    session.run("python", "docs/tables.py", *(session.posargs or ["--check"]))


@nox.session
def contract(session: nox.Session) -> None:
    """The port contracts on the real adapters: SQLite, and PostgreSQL and MariaDB if available."""
    install(session, "test")
    with postgres(session) as postgres_url, mariadb(session) as mariadb_url:
        env = {"ROMM_TEST_POSTGRES_URL": postgres_url, "ROMM_TEST_MARIADB_URL": mariadb_url}
        env["ROMM_TEST_ACCOUNTS"] = "100000"
        session.run(
            "pytest", "tests/adapters", "tests/processes", "tests/cli/test_import_users.py", *session.posargs, env=env
        )


@nox.session
def soak(session: nox.Session) -> None:
    """50,000 abandoned sign-ins leave nothing; 15 seconds of guessing and 2,000 held connections shut nobody out."""
    install(session, "test")
    env = {"ROMM_TEST_ABANDONED": "50000", "ROMM_TEST_GUESSING_SECONDS": "15", "ROMM_TEST_HELD": "2000"}
    slow = ["abandoned", "distributed_guess", "held_connections"]
    session.run("pytest", *(f"tests/processes/test_{each}.py" for each in slow), *session.posargs, env=env)


@nox.session
def conformance(session: nox.Session) -> None:
    """The OpenID Foundation's modules for relying parties, played by our own provider."""
    install(session, "test")
    session.run("pytest", "tests/conformance", "-v", *session.posargs)


@nox.session
def migrations(session: nox.Session) -> None:
    """Migrations up, down and up again, compared with the models."""
    install(session, "test")
    with postgres(session) as url:
        session.run(
            "pytest",
            "tests/adapters/database/test_migrations.py",
            *session.posargs,
            env={"ROMM_TEST_POSTGRES_URL": url},
        )


@nox.session
def e2e(session: nox.Session) -> None:
    """A real provider and a real browser."""
    chromium = installed_chromium(session)
    if not has_node():
        session.error("No Node.js: install node and npm, version 20 or later; the test provider runs on it")
    install(session, "e2e")
    with node_modules(session) as folder:
        env = {"ROMM_E2E_NODE_MODULES": folder, "CHROMIUM": chromium}
        apart = "--ignore=tests/e2e/test_misconfigured.py"  # its event loop cannot run beside the browser's
        session.run("pytest", "tests/e2e", apart, *session.posargs, env=env)


def installed_chromium(session: nox.Session) -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        session.error("No browser: install Chromium (on Debian `apt-get install chromium`), or name one in CHROMIUM")
    return found


@nox.session
def screenshots(session: nox.Session) -> None:
    """The pictures of docs/images, from the demo in a real browser."""
    chromium = installed_chromium(session)
    install(session, "e2e")
    session.run("python", "-m", "tests.e2e.screenshots", env={"CHROMIUM": chromium})


@nox.session
def schemathesis(session: nox.Session) -> None:
    """Every route of the OpenAPI document, called with what the document allows and forbids."""
    install(session, "schemathesis")
    session.run("pytest", "-n", "2", "tests/fuzzing", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Guards removed one at a time; a test near each notices. `-- NAME` for those with that word in their name."""
    install(session, "test")
    session.run("python", "-m", "tests.mutants.run", *session.posargs)


@nox.session
def misconfigured(session: nox.Session) -> None:
    """What each misconfiguration looks like, printed; every printed fix; and the rows that a certified provider can play."""
    install(session, "e2e")
    session.run("python", "-m", "tests.misconfigured.table", *session.posargs)
    with postgres(session) as postgres_url, mariadb(session) as mariadb_url:
        env = {"ROMM_TEST_POSTGRES_URL": postgres_url, "ROMM_TEST_MARIADB_URL": mariadb_url}
        session.run("pytest", "-n", "auto", "tests/misconfigured", "tests/fixes", env=env)
    if not has_node():
        session.warn("Not played at the certified provider: no node and npm.")
        return
    with node_modules(session) as folder:
        session.run("pytest", "tests/e2e/test_misconfigured.py", env={"ROMM_E2E_NODE_MODULES": folder})


@nox.session
def compatibility(session: nox.Session) -> None:
    """RomM's wire, and the clients that registries carry, with passwords on and off; a client that cannot be had is skipped."""
    install(session, "test")
    with TemporaryDirectory() as name:
        session.run("pytest", "tests/compatibility", *session.posargs, env=dict(clients(session, Path(name))))


def clients(session: nox.Session, folder: Path) -> Iterator[tuple[str, str]]:
    """By the environment variable that names each. One that is missing has a warning with the reason."""
    for variable, package in CLIENTS.items():
        python = folder / variable / "bin" / "python"
        session.run(sys.executable, "-m", "venv", str(folder / variable), external=True)
        if had(session, package, [str(python), "-m", "pip", "install", "--quiet", package]):
            yield f"ROMM_CLIENT_{variable}", str(python)
    options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    if had(session, OPENID_CLIENT, ["npm", "install", "--prefix", str(folder), *options, OPENID_CLIENT]):
        yield "ROMM_CLIENT_NODE_MODULES", str(folder / "node_modules")
    program = str(folder / "oauth2")
    if had(session, "golang.org/x/oauth2", ["go", "build", "-C", str(GOLANG_OAUTH2), "-o", program, "."]):
        yield "ROMM_CLIENT_GOLANG_OAUTH2", program


def had(session: nox.Session, what: str, command: list[str]) -> bool:
    if not shutil.which(command[0]):
        session.warn(f"{what} is skipped: no {command[0]}.")
        return False
    done = subprocess.run(
        command, env=os.environ | {"GOTOOLCHAIN": "local"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        session.warn(f"{what} is skipped: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return done.returncode == 0


@nox.session
def providers(session: nox.Session) -> None:
    """Real servers beside the shapes of their names; a server that cannot be had is skipped, with its reason."""
    install(session, "test")
    with TemporaryDirectory() as name, ExitStack() as fetched:
        folder = Path(name)
        env = {
            "ROMM_KEYCLOAK_HOME": keycloak(session, folder),
            "ROMM_DJANGO_PYTHON": apart(session, "django-oauth-toolkit", folder / "django", DJANGO_PACKAGES),
            "ROMM_CANAILLE_PYTHON": apart(session, "Canaille", folder / "canaille", CANAILLE_PACKAGES),
        }
        env |= {name: spring(session, boot, folder) for name, boot in SPRING_BOOT.items()}
        if not has_node():
            session.warn("oidc-provider is skipped: no node and npm.")
        else:
            with reported(session, "oidc-provider"):
                env["ROMM_E2E_NODE_MODULES"] = fetched.enter_context(node_modules(session))
        session.warn(f"Dex is skipped: {DEX} was asked of Go's module proxy by hand, which does not have it.")
        session.run("pytest", "tests/providers", *session.posargs, env=env)


@contextmanager
def reported(session: nox.Session, server: str) -> Iterator[None]:
    """A server that its registry does not give is left out, and the reason printed."""
    try:
        yield
    except CommandFailed as failed:
        session.warn(f"{server} is skipped: it could not be fetched. {failed}")


def keycloak(session: nox.Session, folder: Path) -> str:
    """Keycloak's distribution from Maven's repository, unpacked; empty without Java and Maven."""
    if not (shutil.which("java") and shutil.which("mvn")):
        session.warn("Keycloak is skipped: no java and mvn; on Debian `apt-get install default-jre-headless maven`.")
        return ""
    get = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={KEYCLOAK}", f"-DoutputDirectory={folder}"]
    with reported(session, "Keycloak"):
        session.run(*get, external=True)
        return unpacked(folder)
    return ""


def unpacked(folder: Path) -> str:
    """The distribution's folder."""
    shutil.unpack_archive(next(folder.glob("keycloak-*.zip")), folder)
    home = next(each for each in folder.glob("keycloak-*") if each.is_dir())
    (home / "bin" / "kc.sh").chmod(0o755)  # unpacking forgets it
    return str(home)


def spring(session: nox.Session, boot: str, folder: Path) -> str:
    """A file with the class path of that Spring Boot's authorization server; empty without a JDK and Maven."""
    if not (shutil.which("javac") and shutil.which("mvn")):
        session.warn(
            f"Spring Boot {boot} is skipped: no javac and mvn; on Debian `apt-get install default-jdk-headless maven`."
        )
        return ""
    classpath = folder / f"spring-{boot}"
    get = ["mvn", "-q", "-B", "-f", "tests/providers/spring/pom.xml", f"-Dboot={boot}", "dependency:build-classpath"]
    with reported(session, f"Spring Boot {boot}"):
        session.run(*get, f"-Dmdep.outputFile={classpath}", external=True)
        return str(classpath)
    return ""


def apart(session: nox.Session, server: str, folder: Path, packages: Sequence[str]) -> str:
    """A Python of its own with these packages, apart from RomM's."""
    with reported(session, server):
        session.run(sys.executable, "-m", "venv", str(folder), external=True)
        session.run(f"{folder}/bin/python", "-m", "pip", "install", "--quiet", *packages, external=True)
        return f"{folder}/bin/python"
    return ""


@nox.session
def build(session: nox.Session) -> None:
    """The wheel in an empty environment and folder, without the source tree."""
    session.install("--require-hashes", "-r", "requirements/build.txt")
    with TemporaryDirectory() as folder:
        session.run("hatchling", "build", "--target", "wheel", "--directory", folder)
        session.run("python", "-m", "venv", f"{folder}/venv")
        pip = partial(session.run, f"{folder}/venv/bin/pip", "install", "--quiet", external=True)
        pip("--require-hashes", "-r", "requirements/runtime.txt")
        pip("--no-deps", "--no-index", *map(str, Path(folder).glob("*.whl")))
        romm, empty = f"{folder}/venv/bin/romm", Path(folder, "empty")
        empty.mkdir()
        with session.chdir(empty):
            session.run(romm, "settings", external=True, include_outer_env=False)
            serve_once(session, romm)


@nox.session
def deploy(session: nox.Session) -> None:
    """What is in deploy/ and .github/. `-- debian` runs the image's steps in a root of Debian's packages."""
    install(session, "deploy")
    with debian_root(session) if "debian" in session.posargs else nullcontext("") as root:
        rest = [each for each in session.posargs if each != "debian"]
        # As in `tests`: the processes that are started compile RomM once.
        session.run("pytest", "tests/deploy", *rest, env={"ROMM_DEPLOY_ROOT": root, "PYTHONDONTWRITEBYTECODE": ""})


@contextmanager
def debian_root(session: nox.Session) -> Iterator[str]:
    """Yield a root folder with Debian's Python, for the time of the block."""
    if not shutil.which("debootstrap", path=PROGRAMS):
        session.error("No debootstrap; on Debian `apt-get install debootstrap`.")
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        packages = "--include=python3,python3-venv,ca-certificates"
        session.run("debootstrap", "--variant=minbase", packages, "bookworm", folder, external=True, silent=True)
        yield folder


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what RomM costs beside other programs, without the tests' packages; `-- --help` names the forms."""
    install(session, "bench")
    plain = Path(session.create_tmp(), "venv").resolve()
    session.run("python", "-m", "venv", str(plain))
    pip = partial(session.run, str(plain / "bin" / "pip"), "install", "--quiet", external=True)
    pip("--require-hashes", "-r", "requirements/postgres.txt", "-r", "requirements/build.txt")
    pip("--no-deps", "--no-build-isolation", ".")
    with postgres(session) as url:
        env = {"BENCH_PYTHON": str(plain / "bin" / "python"), "ROMM_TEST_POSTGRES_URL": url}
        session.run("python", "-m", "bench", *session.posargs, env=env)


@nox.session
def lock(session: nox.Session) -> None:
    """Pin the newest of everything, with the same version in every file."""
    session.install("--require-hashes", "-r", "requirements/lock.txt")
    text = ["--custom-compile-command=nox -s lock", "--no-annotate", "--no-strip-extras"]
    pin = partial(session.run, "uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11", *text)
    with TemporaryDirectory() as folder:
        everything = f"--output-file={folder}/everything.txt"
        pin("pyproject.toml", "--all-extras", "--group=dev", everything)
        for name, contents in LOCKED.items():
            output = Path("requirements", f"{name}.txt")
            pin(*contents, "--generate-hashes", f"--constraints={folder}/everything.txt", f"--output-file={output}")
            output.write_text(also_without_extras(output.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


@nox.session
def audit(session: nox.Session) -> None:
    """Known vulnerabilities in the pinned packages, by PyPI's database; `-- -s osv` asks another one."""
    session.install("--require-hashes", "-r", "requirements/audit.txt")
    report = Path(session.create_tmp(), "audit.json").resolve()
    report.unlink(missing_ok=True)
    pinned = [f"--requirement=requirements/{name}.txt" for name in LOCKED]
    text = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", f"--output={report}"]
    said = session.run("pip-audit", *text, *pinned, *session.posargs, success_codes=[0, 1], silent=True)
    if not report.exists():
        session.skip(f"NOT AUDITED: no advisory database answered. {(str(said).strip().splitlines() or [''])[-1]}")
    vulnerable, skipped = audited(json.loads(report.read_text(encoding="utf-8"))["dependencies"])
    if vulnerable:
        session.error("VULNERABLE: " + "; ".join(vulnerable))
    if skipped:
        session.skip(f"NOT AUDITED: {len(skipped)} packages, for instance: {skipped[0]}")
    session.log("AUDITED: no known vulnerability.")


def audited(packages: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The vulnerable ones of pip-audit's report, and those without an answer, which pip-audit takes for success."""
    found = [
        f"{each['name']} {each['version']}: {', '.join(vuln['id'] for vuln in each['vulns'])}"
        for each in packages
        if each.get("vulns")
    ]
    return sorted(set(found)), sorted({each["skip_reason"] for each in packages if "skip_reason" in each})


@nox.session
def sbom(session: nox.Session) -> None:
    """A CycloneDX bill of materials of what `romm serve` runs with, in dist/."""
    session.install("--require-hashes", "-r", "requirements/sbom.txt")
    target = Path("dist", "romm-sign-in.cdx.json")
    target.parent.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        session.run("python", "-m", "venv", "--without-pip", folder)
        runtime = ["--require-hashes", "-r", "requirements/runtime.txt"]
        session.run("python", "-m", "pip", "--python", folder, "install", "--quiet", *runtime)
        kind = [
            "--pyproject=pyproject.toml",
            "--mc-type=application",
            "--output-reproducible",
            f"--output-file={target}",
        ]
        session.run("cyclonedx-py", "environment", *kind, *session.posargs, f"{folder}/bin/python")
    session.log(f"{target} written")


def also_without_extras(requirements: str) -> str:
    """Pin `name[extra]` as `name`, too: pip before 23.1 takes them for two packages, and Python 3.11 brings 23.0."""
    return re.sub(r"^([^\s\[]+)\[[^\]]+\](==.*\n(?: +--hash=.*\n)*)", r"\g<0>\1\2", requirements, flags=re.MULTILINE)


def has_node() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


@contextmanager
def node_modules(session: nox.Session) -> Iterator[str]:
    """Yield the folder with the test provider's packages, installed while the block runs."""
    with TemporaryDirectory() as folder:
        options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        session.run("npm", "install", "--prefix", folder, *options, *NODE_PACKAGES, external=True)
        yield f"{folder}/node_modules"


@contextmanager
def postgres(session: nox.Session) -> Iterator[str | None]:
    """Yield a PostgreSQL URL: the given one, else that of a throw-away server, else None."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if url := os.environ.get("ROMM_TEST_POSTGRES_URL"):
        yield url
    elif not installed:
        session.warn("SQLite only: no ROMM_TEST_POSTGRES_URL, and no PostgreSQL in /usr/lib/postgresql.")
        yield None
    else:
        with throw_away_postgres(installed[-1]) as url:
            yield url


ASKED_FOR_PASSWORD = "host all romm_fussy,romm_reader 127.0.0.1/32 scram-sha-256"
"""The others are trusted."""


@contextmanager
def throw_away_postgres(programs: Path) -> Iterator[str]:
    # PostgreSQL refuses to run as root; Debian's package has an account for it.
    as_postgres: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
    account = as_postgres if os.geteuid() == 0 else {}
    port = free_port()
    with TemporaryDirectory() as folder:
        shutil.chown(folder, account.get("user", os.geteuid()))
        run = partial(subprocess.run, check=True, cwd=folder, stdout=subprocess.DEVNULL, **account)
        control = [programs / "pg_ctl", "--pgdata=cluster", "--log=log", "--wait"]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        run([programs / "initdb", "--pgdata=cluster", "--auth=trust", "--username=romm", "--encoding=UTF8"])
        access = Path(folder, "cluster", "pg_hba.conf")
        access.write_text(f"{ASKED_FOR_PASSWORD}\n{access.read_text()}")
        run([*control, f"--options={options}", "start"])
        try:
            yield f"postgresql://romm@127.0.0.1:{port}/postgres"
        finally:
            run([*control, "--mode=immediate", "stop"])


@contextmanager
def mariadb(session: nox.Session) -> Iterator[str | None]:
    """Yield a MariaDB or MySQL URL: the given one, else that of a throw-away server, else None."""
    installer, server = (shutil.which(name, path=PROGRAMS) for name in ("mariadb-install-db", "mariadbd"))
    if url := os.environ.get("ROMM_TEST_MARIADB_URL"):
        yield url
    elif not (installer and server):
        session.warn("`romm import` from MariaDB is not tested: no ROMM_TEST_MARIADB_URL, and no mariadbd.")
        yield None
    else:
        with throw_away_mariadb(installer, server) as url:
            yield url


@contextmanager
def throw_away_mariadb(installer: str, server: str) -> Iterator[str]:
    # MariaDB refuses to run as root; Debian's package has an account for it.
    account = ["--user=mysql"] if os.geteuid() == 0 else []
    port = free_port()
    with TemporaryDirectory() as folder:
        shutil.chown(folder, "mysql" if account else os.geteuid())
        where = ["--no-defaults", *account, f"--datadir={folder}/data"]
        unsafe = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([installer, *where, *unsafe], check=True, stdout=subprocess.DEVNULL)
        listening = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket"]
        log = [f"--log-error={folder}/log", f"--pid-file={folder}/pid"]
        running = subprocess.Popen([server, *where, *listening, *log])
        try:
            await_listener(port, running)
            yield f"mysql://root@127.0.0.1:{port}/mysql"
        finally:
            running.terminate()
            running.wait(timeout=60)


def await_listener(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.2)
    raise RuntimeError("The throw-away database server did not start.")


def serve_once(session: nox.Session, romm: str) -> None:
    port = free_port()
    server = subprocess.Popen([romm, "serve"], env={"ROMM_PORT": str(port)})
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                session.error("`romm serve` did not answer /api/heartbeat")
            time.sleep(0.2)
        if not answers(port, "/docs/settings"):
            session.error("the wheel lacks the documentation")
    finally:
        server.terminate()
        server.wait(timeout=30)


def answers(port: int, path: str = "/api/heartbeat") -> bool:
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
