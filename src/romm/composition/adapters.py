"""The real adapters for the ports."""

from datetime import UTC, datetime, timedelta

from romm.adapters.accounts.passwords import Argon2Passwords
from romm.adapters.accounts.store import SQLAccountStore
from romm.adapters.credentials.devices import SQLDeviceAuthorizations, SQLDevices
from romm.adapters.credentials.holder_seal import HolderSeal
from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.credentials.throttles import SQLThrottles
from romm.adapters.database.transactions import Database
from romm.adapters.diagnosis.checkups import SQLCheckups
from romm.adapters.provider.openid import OpenIDProvider
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.adapters.sign_in.attempts import SQLAttempts
from romm.adapters.sign_in.logouts import SQLLogouts
from romm.adapters.sign_in.pending_sign_ins import SQLPendingSignIns
from romm.adapters.sign_in.records import SQLSignInRecords
from romm.adapters.sign_in.sealing import DatabaseSeal
from romm.adapters.sign_in.sign_in_log import SQLSignInLog
from romm.composition import diagnosis
from romm.composition.ports import Ports
from romm.composition.provider import client, provider_settings
from romm.ports.process import Log
from romm.settings.model import Settings


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def ports(settings: Settings, log: Log) -> Ports:
    """Nothing is connected before the first request needs it."""
    database = Database(settings.database.url)
    providers = {
        each.id: OpenIDProvider(provider_settings(each.oidc), client(each.oidc), log=log)
        for each in settings.working_providers
    }
    instruments = diagnosis.all_instruments(settings, log, now)
    credentials = SQLCredentials(database, now)
    sign_in_log = SQLSignInLog(database, timedelta(days=settings.log.sign_in_retention_days))

    async def close() -> None:
        await database.close()
        for provider in providers.values():
            await provider.aclose()
        await diagnosis.close(instruments)

    return Ports(
        providers=providers,
        instruments=instruments,
        accounts=SQLAccounts(database),
        account_store=SQLAccountStore(database),
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
        passwords=Argon2Passwords(),
        log=log,
        clock=now,
        is_ready=database.ready,
        close=close,
    )
