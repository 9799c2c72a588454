"""The stage with the scripted provider: its knobs turned as a scenario says, on a socket where its certificate matters."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from trustme import CA

from romm.adapters.diagnosis.network import LocalNetwork
from romm.adapters.provider.transport import Limits, network
from tests import fake_provider
from tests.fake_provider import FakeProvider, Response, public_jwk, served
from tests.misconfigured.network import OneProvider
from tests.misconfigured.scenarios import ABSENT, IDP, Certificate, Scenario
from tests.misconfigured.stage import Stage
from tests.shapes.model import State
from tests.shapes.register import shape
from tests.world import ORIGIN, environment

IMPATIENT = Limits(connect=0.5, document=0.3, userinfo=0.3, token=0.3)  # nobody waits for a provider that hangs
TRUSTED = {"ROMM_TRUSTED_PROXIES": "172.18.0.0/16"}
_ANOTHER = "tampered"  # of a key: that of another one


@contextmanager
def scripted(scenario: Scenario, folder: Path) -> Iterator[Stage]:
    """The stage with the scripted provider, on a socket if its certificate matters."""
    idp, places = _provider(scenario), {"provider": IDP, "romm": ORIGIN, "folder": str(folder)}
    with ExitStack() as running:
        real = scenario.provider.certificate is not Certificate.UNUSED
        if real:
            idp.issuer = running.enter_context(_on_a_socket(idp, scenario.provider.certificate, folder))
            places |= {"provider": idp.issuer, "authority": idp.issuer.partition("://")[2]}
        by_the_guide = shape(scenario.server).environment if scenario.server else {}
        environ = environment(idp.issuer, **TRUSTED) | by_the_guide | filled(scenario.settings, places)
        authority = environ.get("OIDC_TLS_CACERTFILE", "")
        wires = OneProvider(idp)
        yield Stage(
            environ=environ,
            idp=idp,
            transport=network(authority) if real else wires,
            network=LocalNetwork(authority) if real else wires,
            outside={"all://idp.test": wires},
            opened_at=scenario.opened_at,
            limits=IMPATIENT if "HANGING" in scenario.provider.instead.values() else Limits(),
        )


def _provider(scenario: Scenario) -> FakeProvider:
    if scenario.server:
        server = shape(scenario.server)
        return server.healthy() if scenario.state == State.HEALTHY else server.broken(scenario.state)
    idp = FakeProvider()
    _turn(idp, scenario)
    return idp


def filled(settings: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
    """Settings with the addresses and folders of this run."""
    for name, place in places.items():
        settings = {variable: value.replace(f"{{{name}}}", place) for variable, value in settings.items()}
    return dict(settings)


def furnish(folder: Path) -> None:
    """The files that scenarios name."""
    (folder / "other").mkdir()
    _authority(folder / "other")
    (folder / "secret").write_text(fake_provider.CLIENT_SECRET)
    (folder / "secret-and-blank").write_text(f"{fake_provider.CLIENT_SECRET} ")


@contextmanager
def _on_a_socket(idp: FakeProvider, certificate: Certificate, folder: Path) -> Iterator[str]:
    if certificate is Certificate.NONE:
        with served(idp) as port:
            yield f"http://127.0.0.1:{port}"
        return
    name = "games.test" if certificate is Certificate.OTHER_NAME else "127.0.0.1"
    not_after = datetime.now(UTC) + timedelta(days=-1 if certificate is Certificate.EXPIRED else 1)
    with served(idp, _authority(folder).issue_cert(name, not_after=not_after)) as port:
        yield f"https://127.0.0.1:{port}"


def _authority(folder: Path) -> CA:
    """A private authority, with its certificate in the folder."""
    ca = CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    return ca


def _turn(idp: FakeProvider, scenario: Scenario) -> None:
    """Turn the knobs."""
    wrong = scenario.provider
    for name, value in wrong.knobs.items():
        setattr(idp, name, value)
    idp.instead = {endpoint: _canned(name, idp) for endpoint, name in wrong.instead.items()}
    idp.alter_metadata = _changing(wrong.metadata)
    idp.alter_header = _changing(wrong.header)
    idp.alter_response = _changing(wrong.response)
    idp.alter_tokens = _changing(wrong.tokens)
    idp.alter_id_token = _changing(wrong.id_token)
    idp.alter_userinfo = _changing(wrong.userinfo)
    idp.alter_jwks = _keys(wrong.keys)
    _changing(wrong.claims)(idp.claims)


def _changing(changes: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for member, value in changes.items():
            if value == ABSENT:
                document.pop(member, None)
            else:
                document[member] = value

    return change


def _keys(changes: Mapping[str, Any] | None) -> Callable[[dict[str, Any]], None]:
    """Changes every published key; None takes all of them out."""
    known = {
        name: public_jwk("RS256", 99, "")[name] if value == _ANOTHER else value
        for name, value in (changes or {}).items()
    }

    def change(jwks: dict[str, Any]) -> None:
        jwks["keys"] = [] if changes is None else [key | known for key in jwks["keys"]]

    return change


def _canned(name: str, idp: FakeProvider) -> Response:
    if name == "SIGNED_OTHERWISE":
        other = FakeProvider(algorithm="HS256")
        return Response(200, other.sign({"sub": idp.sub}).encode(), "application/jwt")
    found = getattr(fake_provider, name, None)
    return found if isinstance(found, Response) else fake_provider.error(name)
