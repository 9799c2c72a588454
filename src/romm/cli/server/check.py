"""`romm serve --check`: would it start? Creates and migrates nothing."""

import os

from romm.adapters.database import migrations
from romm.adapters.database.transactions import HEAD
from romm.cli.report import ExitCode, explained, fail, loaded, say
from romm.cli.server.prepare import check_packages
from romm.cli.server.serve import CANNOT_LISTEN, check_free
from romm.composition.start import LATER
from romm.domain.catalogue import operator_text
from romm.domain.diagnosis.storage import Cause
from romm.domain.errors import Refused
from romm.settings.load import Given
from romm.settings.model import Database


def check_start(given: Given) -> None:
    """Exits on a problem, with the code of `romm serve`."""
    found = loaded(os.environ, given)
    check_packages(found.settings)
    for warning in found.warnings:
        say(f"warning: {warning}", err=True, fg="yellow")
    for each in found.settings.all_providers:
        if each.oidc.enabled and each.off:
            say(f"warning: provider {each.id} is off: {each.off}", err=True, fg="yellow")
    with explained():
        _look_at(found.settings.database)
    where = found.settings.server
    try:
        check_free(where.host, where.port)
    except OSError as error:
        fail((f"cannot listen at {where.host}:{where.port}: {error}; {CANNOT_LISTEN}",), ExitCode.REFUSED)
    say(f"RomM would start at {where.host}:{where.port}.")


def _look_at(database: Database) -> None:
    """Raises `Refused` for what `romm serve` does not fix."""
    try:
        migrations.require_current(database.url)
    except Refused as refused:
        cause = refused.facts["cause"]
        if database.is_embedded and cause in (Cause.MISSING, Cause.EMPTY, Cause.OLDER):
            say(f"note: romm serve will {'migrate' if cause == Cause.OLDER else 'create'} the database, to {HEAD}.")
        elif not database.is_embedded and cause in LATER:
            say(f"warning: {operator_text(refused)}", err=True, fg="yellow")
        else:
            raise
