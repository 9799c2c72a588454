"""Every use case refuses an actor without scopes. A method without an actor has a reason here, so a new one fails."""

import copy
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest

from romm.accounts.forms import AccountForm
from romm.accounts.imports import ImportUsers
from romm.composition import app
from romm.credentials.principal import Principal, actor
from romm.domain.accounts.issuer_moves import IssuerMove, Way
from romm.domain.credentials.client_tokens import ClientTokenRequest, Lifetime
from romm.domain.credentials.devices import Choice
from romm.domain.credentials.native_apps import AppRequest
from romm.domain.credentials.permissions import Actor
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account, Visitor
from romm.ports.sign_in import SignInFilter
from romm.sign_in.password import PasswordCredentials
from tests.accounts.test_imports import bring_along
from tests.domain.accounts.test_imports import user
from tests.fakes import FakeAccounts, FakeImports
from tests.world import PASSWORD, VISITOR, World

NOUNS = ("romm.accounts.", "romm.sign_in.", "romm.credentials.", "romm.diagnosis.")

SECRET = "its secret is the credential"
SIGN_IN = "it is a step of a sign-in: there is no account yet"
INNER = "other use cases call it with what they were allowed"
TIMER = "the process calls it by itself"
OPEN = "it answers without data of an account"

WITHOUT_ACTOR = {
    SECRET: {
        "ForwardHosts.finish", "ForwardHosts.who",
        "Bearers.who", "DeviceSignIn.client_token", "DeviceSignIn.poll", "Grants.grant", "Invitations.open",
        "Invitations.register", "NativeApps.grant", "Pairing.exchange", "Pairing.waiting", "Recovery.open",
        "Recovery.recover", "Recovery.reset", "Sessions.end", "Sessions.id_token", "Sessions.who", "SignOut.sign_out",
        "Tokens.refresh", "Tokens.revoke", "BackchannelLogout.log_out", "BackchannelLogouts.log_out",
    },
    SIGN_IN: {
        "Confirmation.mine", "Confirmation.not_mine", "Confirmation.question", "DeviceSignIn.begin",
        "OpenIDSignIn.begin", "OpenIDSignIn.begin_invited", "OpenIDSignIn.finish", "OpenIDSignIn.go_on", "PasswordSignIn.open",
        "PasswordSignIn.sign_in", "PasswordSignIn.who", "Recovery.forgot", "Setup.create_first_admin",
    },
    INNER: {
        "Administration.is_managed", "Explainer.person", "Previews.keep", "Rates.check", "Sessions.another",
        "Sessions.ended", "Sessions.live", "Sessions.new", "Sessions.of_digest", "Sessions.start", "SignInJournal.begun",
        "SignInJournal.done", "SignInJournal.refused", "SignInJournal.returned", "SignInJournal.signed_in",
        "SignInJournal.signed_in_by", "SignInJournal.signed_in_without_provider", "SignInJournal.signed_out",
        "SignInJournal.without_expiry", "SignIns.at", "SignIns.further", "SignIns.initiated_by",
        "SignIns.of_issuer", "Tokens.issue", "Tokens.new",
    },
    TIMER: {"Checkups.examine", "Checkups.keep_watch"},
    OPEN: {
        "ForwardHosts.begin", "ForwardHosts.origin_of", "ForwardHosts.page_after",
        "IssuerMoves.notes", "NativeApps.error_redirect", "NativeApps.parse_request", "Profile.ways_in",
        "Setup.check_hosts", "Setup.is_open",
    },
}  # fmt: skip


async def use_cases(world: World) -> list[object]:
    """All that routes and commands ask for."""
    provided = app.app_dependencies(world.settings, world.ports).dependencies
    made = [await provide() for name, provide in provided.items() if name != "principal"]
    made += [each for registry in made for each in getattr(registry, "by_id", {}).values()]  # one for each provider
    imports: ImportUsers = bring_along(FakeImports(FakeAccounts()), user())
    return [each for each in made if type(each).__module__.startswith(NOUNS)] + [imports]


def methods(use_case: object) -> Mapping[str, Callable[..., Any]]:
    kind = type(use_case)
    names = [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]
    return {f"{kind.__name__}.{name}": getattr(use_case, name) for name in names}


def parameters(method: Callable[..., Any]) -> Mapping[str, Any]:
    """The required ones, with their types."""
    signature = inspect.signature(method, eval_str=True)
    return {name: each.annotation for name, each in signature.parameters.items() if each.default is each.empty}


def takes_an_actor(method: Callable[..., Any]) -> bool:
    return not {Actor, Principal}.isdisjoint(parameters(method).values())


async def powerless(world: World) -> tuple[Principal, Account]:
    """An administrator by a token without scopes, and another account."""
    keeper = await world.add("keeper", level=AccessLevel.ADMIN)
    return Principal(account=keeper, scopes=frozenset()), await world.add("vera")


def arguments(method: Callable[..., Any], who: Principal, another: Account) -> list[Any]:
    """What a caller could send, by type."""
    app_request = AppRequest(
        app="an app", redirect_uri="http://127.0.0.1/", scopes=("me.read",), state="", code_challenge=""
    )
    token_request = ClientTokenRequest(name="a token", scopes=("me.read",), lifetime=Lifetime.NEVER)
    values = {
        Actor: actor(who),
        Principal: who,
        Account: another,
        AccessLevel: AccessLevel.VIEWER,
        AccountForm: AccountForm(username="new", password=PASSWORD),
        AppRequest: app_request,
        Any: {"sub": "alice"},
        Choice: Choice(scopes=("me.read",), device_name="", lifetime=Lifetime.NEVER),
        ClientTokenRequest: token_request,
        Collection[int]: [another.id],
        IssuerMove: IssuerMove(old="https://a.example", new="https://b.example", way=Way.BY_EMAIL),
        PasswordCredentials: PasswordCredentials("keeper", PASSWORD, VISITOR),
        SignInFilter: SignInFilter(),
        Visitor: VISITOR,
        float: 1.0,
        int: another.id,
        str: another.username,
    }
    return [values.get(kind, ()) for kind in parameters(method).values()]


async def carried_out(result: Any) -> Any:
    if inspect.isasyncgen(result):
        return await anext(result)
    return await result if inspect.isawaitable(result) else result


async def test_every_method_takes_an_actor_or_says_why_not() -> None:
    found = {name: each for use_case in await use_cases(World()) for name, each in methods(use_case).items()}
    without = {name for name, method in found.items() if not takes_an_actor(method)}
    assert without == set().union(*WITHOUT_ACTOR.values())


async def test_every_use_case_refuses_an_actor_without_scopes() -> None:
    """Before it reads or writes anything."""
    world = World()
    who, another = await powerless(world)
    before = copy.deepcopy((world.accounts.by_id, world.accounts.credentials))
    lines = len(world.log.lines)
    asked = [each for use_case in await use_cases(world) for each in methods(use_case).items()]
    allowed = [name for name, method in asked if takes_an_actor(method) and not await refused(method, who, another)]
    assert allowed == []
    assert (world.accounts.by_id, world.accounts.credentials) == before
    assert len(world.log.lines) == lines


async def refused(method: Callable[..., Any], who: Principal, another: Account) -> bool:
    try:
        await carried_out(method(*arguments(method, who, another)))
    except Refused as refusal:
        return refusal.code is Code.FORBIDDEN
    return False


@pytest.mark.parametrize("reason", WITHOUT_ACTOR)
def test_a_reason_is_given_once(reason: str) -> None:
    others = set().union(*(names for other, names in WITHOUT_ACTOR.items() if other != reason))
    assert WITHOUT_ACTOR[reason].isdisjoint(others)
