"""Every command of `romm`, with arguments that it accepts."""

from collections.abc import Iterator

import click

from romm.cli.main import main

COMMANDS: dict[str, tuple[str, ...]] = {
    "serve": (),
    "demo": ("--port", "0", "--provider-port", "0"),
    "settings": (),
    "config check": (),
    "import": ("--from", "sqlite:////nowhere/romm.db"),
    "doctor": (),
    "init": (
        *("--provider", "authelia", "--base-url", "https://romm.test", "--address", "http://127.0.0.1:1"),
        *("--client-id", "romm", "--client-secret-file", "-"),
    ),
    "db upgrade": (),
    "db current": (),
    "db backup": ("{folder}/copy.db",),
    "db restore": ("{folder}/other.db",),
    "db rotate-key": (),
    "users list": (),
    "users add": ("alice",),
    "users disable": ("alice",),
    "users enable": ("alice",),
    "users set-role": ("alice", "viewer"),
    "users reset-link": ("alice",),
    "users rename": ("alice", "alicia"),
    "users delete": ("alice", "--yes"),
    "users unlink": ("alice",),
    "users move-issuer": ("https://old.example", "https://new.example", "--by-email"),
    "sessions list": ("alice",),
    "sessions end": ("alice",),
    "recover": (),
    "errors": ("no_role",),
    "sign-ins": ("alice",),
    "explain": ("{folder}/claims.json",),
}

PROCESSES = {"serve", "demo"}
"""Start others, so they are run as one."""

CREATORS = {"serve", "db upgrade", "db restore", "users add"}
"""Make a database where there is none; `import --apply` too."""


def paths(group: click.Group = main, prefix: str = "") -> Iterator[str]:
    """Of all commands, from click's own tree."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from paths(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"
