"""`romm init`: from a provider's name to a working env file. Imports are inside, for a fast start."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from romm.cli.report import ExitCode, explained, fail, say

if TYPE_CHECKING:
    from romm.settings.candidate import ProviderCandidate

_ANOTHER = "other"
_FOR_OWNER = 0o600


@click.command()
@click.option("--provider", metavar="NAME", help=f"Such as authelia; {_ANOTHER} for one without a preset.")
@click.option("--base-url", metavar="URL", help="Where people open RomM, such as https://romm.example.com.")
@click.option("--address", metavar="URL", help="The provider's issuer, or the address of its discovery document.")
@click.option("--client-id", metavar="ID", help="What the provider gave to RomM.")
@click.option(
    "--client-secret-file",
    type=click.File(encoding="utf-8"),
    help="The file with the client secret, - for standard input. An empty one: RomM is a public client.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write this env file, such as .env.")
@click.option("--force", is_flag=True, help="Overwrite the file of --output.")
def init(
    provider: str | None,
    base_url: str | None,
    address: str | None,
    client_id: str | None,
    client_secret_file: TextIO | None,
    output: Path | None,
    force: bool,
) -> None:
    """Connect a sign-in provider, step by step.

    Shows what to register there, checks what it gave you, and writes the settings. Asks for what no option says. Without
    --output the settings are printed, without the secret. The exit code is 1 if a check failed.
    """
    from romm.settings.candidate import ProviderCandidate, check_text

    if output is not None and output.exists() and not force:
        raise click.UsageError(f"{output} is there already: choose another file, or overwrite it with --force.")
    chosen = _provider(provider)
    base_url = base_url or _asked("Address of RomM, such as https://romm.example.com")
    _show_registration(ProviderCandidate(provider=chosen, base_url=base_url))
    candidate = ProviderCandidate(
        provider=chosen,
        base_url=base_url,
        address=address or _asked("Address of the provider"),
        client_id=client_id or _asked("Client id"),
        client_secret=_secret(client_secret_file),
    )
    with explained():
        from romm.domain.errors import required

        required(check_text(candidate))
    exit_code = _check(candidate)
    _keep(candidate, output, force=force)
    raise SystemExit(exit_code)


def _provider(named: str | None) -> str:
    """The preset's name, empty for another. Exits for an unknown one."""
    from romm.domain.providers.register import PRESETS, key

    found = key(named or _asked(f"Provider ({', '.join(PRESETS)}, {_ANOTHER})"))
    if found not in (*PRESETS, _ANOTHER):
        fail((f"{found} is no provider that RomM knows. Write {', '.join(PRESETS)}, or {_ANOTHER}.",))
    return "" if found == _ANOTHER else found


def _asked(what: str) -> str:
    return str(click.prompt(what, err=True))


def _secret(file: TextIO | None) -> str:
    if file is None:
        return str(click.prompt("Client secret (not shown)", hide_input=True, default="", show_default=False, err=True))
    return file.read().removeprefix("\ufeff").strip()


def _show_registration(candidate: "ProviderCandidate") -> None:
    from romm.settings.candidate import registration

    found = registration(candidate)
    places = found.locations
    say("Register RomM at the provider:")
    say(f"  Redirect URI              {found.redirect_uri}\n    {places.redirect_uri}")
    say(f"  Post-logout redirect URI  {found.post_logout_redirect_uri} (optional)\n    {places.sign_out}")
    if found.backchannel_logout_uri:
        say(f"  Back-channel logout URI   {found.backchannel_logout_uri} (optional)")
    say(f"  Signing                   {places.signing_key}")
    say(f"  Claims                    {places.claims}")
    say(f"It gives you:\n  Address                   {places.issuer}\n  Id and secret             {places.secret}\n")


def _check(candidate: "ProviderCandidate") -> int:
    from romm.cli.doctor import run
    from romm.domain.sign_in.providers import FIRST
    from romm.settings.candidate import environment

    with explained():
        return run(os.environ | environment(candidate), FIRST, as_json=False)


def _keep(candidate: "ProviderCandidate", output: Path | None, *, force: bool) -> None:
    from romm.settings.candidate import compose, env_file, environment, without_secret

    if output is None:
        shown = environment(without_secret(candidate))
        say(f"\nSettings to keep, as an env file:\n\n{env_file(shown)}\nor in a Compose file:\n\n{compose(shown)}")
        return
    try:
        _write(output, env_file(environment(candidate)), force=force)
    except OSError as error:
        fail((f"{output} cannot be written ({error.strerror}).",), ExitCode.REFUSED)
    say(
        f"\nWrote {output}, which only you can read: it has the client secret. Restart RomM with it, then try a sign-in."
    )


def _write(output: Path, text: str, *, force: bool) -> None:
    """Always a new file: an old one could be open to others, or lead elsewhere."""
    if force:
        output.unlink(missing_ok=True)
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_OWNER), "w", encoding="utf-8") as file:
        file.write(text)
