"""The real adapters for the ports."""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from romm.adapters.accounts import hashing_memory
from romm.adapters.accounts.lists import SQLAccountLists
from romm.adapters.accounts.passwords import Argon2Passwords
from romm.adapters.accounts.store import SQLAccountStore
from romm.adapters.credentials.devices import SQLDeviceAuthorizations, SQLDevices
from romm.adapters.credentials.holder_seal import HolderSeal
from romm.adapters.credentials.lists import SQLCredentialLists
from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.credentials.throttles import SQLThrottles
from romm.adapters.database.transactions import Database
from romm.adapters.diagnosis.checkups import SQLCheckups
from romm.adapters.provider.openid import OpenIDProvider
from romm.adapters.provider.timed import TimedTransport
from romm.adapters.provider.traced import TracedProvider, TracedTransport
from romm.adapters.provider.transport import network
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.adapters.sign_in.attempts import SQLAttempts
from romm.adapters.sign_in.logouts import SQLLogouts
from romm.adapters.sign_in.pending_sign_ins import SQLPendingSignIns
from romm.adapters.sign_in.records import SQLSignInRecords
from romm.adapters.sign_in.sealing import DatabaseSeal
from romm.adapters.sign_in.sign_in_log import SQLSignInLog
from romm.composition import diagnosis
from romm.composition.observers import NO_OBSERVERS, Observers
from romm.composition.ports import Ports
from romm.composition.provider import client, provider_settings
from romm.ports.process import NO_METER, Log
from romm.ports.provider import Provider
from romm.settings.model import DeclaredProvider, Settings

if TYPE_CHECKING:
    from romm.adapters.metrics import PrometheusMeter
    from romm.adapters.traces import Tracing


def now() -> datetime:
    return datetime.now(UTC)


def ports(settings: Settings, log: Log, watched: Observers = NO_OBSERVERS) -> Ports:
    """Nothing is connected before the first request needs it."""
    database, passwords = Database(settings.database.url), Argon2Passwords(at_rest=hashing_memory.give_back)
    providers = {each.id: _provider(each, log, watched) for each in settings.working_providers}
    meter, spans = watched
    instruments = diagnosis.all_instruments(settings, log, now)
    credentials = SQLCredentials(database, now)
    sign_in_log = SQLSignInLog(database, timedelta(days=settings.log.sign_in_retention_days))

    async def close() -> None:
        await credentials.close()
        await database.close()
        for provider in providers.values():
            await provider.aclose()
        await diagnosis.close(instruments)
        if spans is not None:
            await asyncio.to_thread(spans.close)

    return Ports(
        providers=providers if spans is None else _traced(providers, spans),
        instruments=instruments,
        instruments_for=partial(diagnosis.instruments_for, log=log, clock=now),
        accounts=SQLAccounts(database),
        account_store=SQLAccountStore(database),
        account_lists=SQLAccountLists(database),
        credential_lists=SQLCredentialLists(database, now),
        attempts=SQLAttempts(database, now),
        seal=DatabaseSeal(database, now),
        pending_sign_ins=SQLPendingSignIns(database, now, HolderSeal()),
        holder_seal=HolderSeal(),
        credentials=credentials,
        device_authorizations=SQLDeviceAuthorizations(database, now),
        devices=SQLDevices(database, now),
        throttles=SQLThrottles(database, now),
        logouts=SQLLogouts(database, now),
        sign_in_log=sign_in_log,
        sign_in_records=SQLSignInRecords(database, credentials, sign_in_log),
        checkups=SQLCheckups(database),
        passwords=passwords,
        log=log,
        clock=now,
        is_ready=database.ready,
        close=close,
        meter=meter or NO_METER,
        sample=None if meter is None else partial(_sample, meter, database, passwords, providers),
    )


def _provider(declared: DeclaredProvider, log: Log, watched: Observers) -> OpenIDProvider:
    oidc = declared.oidc
    transport = network(oidc.tls_cacertfile)
    if watched.spans is not None:
        transport = TracedTransport(transport, watched.spans)
    if watched.meter is not None:
        transport = TimedTransport(transport, partial(watched.meter.provider, declared.id))
    return OpenIDProvider(provider_settings(oidc), client(oidc), log=log, transport=transport)


def _traced(providers: Mapping[str, OpenIDProvider], spans: "Tracing") -> Mapping[str, Provider]:
    return {each: TracedProvider(provider, each, spans) for each, provider in providers.items()}


def _sample(
    meter: "PrometheusMeter", database: Database, passwords: Argon2Passwords, providers: Mapping[str, OpenIDProvider]
) -> None:
    reads = {}
    for provider_id, provider in providers.items():
        for name, document in provider.documents.items():
            reads[provider_id, name, "cache"] = document.reads - document.fetches
            reads[provider_id, name, "provider"] = document.fetches
    levels = {
        "passwords_waiting": passwords.queue.waiting,
        "passwords_checked": passwords.queue.under_way,
        "database": database.connections_in_use,
        "files": len(os.listdir("/dev/fd")),  # noqa: PTH208  (names are enough)
    }
    meter.sampled(levels, reads)
