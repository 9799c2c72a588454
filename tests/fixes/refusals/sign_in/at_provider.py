"""What a text names beside the fix that the corpus carries out: the provider is at fault in another way."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from romm.domain.model import EmailSource, Identity
from tests.fake_provider import HTML as PAGE
from tests.fake_provider import FakeProvider
from tests.fixes.refusals.scene import Executor, Row, Scene, Stage, house
from tests.fixes.refusals.sign_in.responses import ALICE, signs_in
from tests.fixes.refusals.ways import at_page, both, change, configure, instead
from tests.world import ORIGIN, PASSWORD

OLD = "https://old.example.org"


def signing_in(spoil: Callable[[FakeProvider], None] = lambda idp: None, **environ: str) -> Stage:
    """alice, at a provider that is not as it should be."""

    async def stage() -> Scene:
        scene = Scene(world=await house(**environ), action=signs_in)
        spoil(scene.world.idp)
        return scene

    return stage


def changed(**knobs: Any) -> Callable[[FakeProvider], None]:
    def spoil(idp: FakeProvider) -> None:
        for name, value in knobs.items():
            setattr(idp, name, value)

    return spoil


def at_provider(**knobs: Any) -> Executor:
    """Its settings as they should be; RomM reads its documents anew."""

    async def carry_out(scene: Scene) -> None:
        changed(**knobs)(scene.world.idp)
        await configure()(scene)

    return carry_out


def merged(**members: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update(members)


def unchanged(document: dict[str, Any]) -> None:
    """As an honest provider sends it."""


def linked_elsewhere(household: Mapping[str, str]) -> Stage:
    """vera has alice's address, and links of the provider before."""

    async def stage() -> Scene:
        scene = Scene(world=await house(**household), action=signs_in)
        vera = replace(scene.account("vera"), email=ALICE)
        scene.world.accounts.by_id[vera.id] = vera
        scene.world.link(vera, Identity(OLD, "vera"))
        return scene

    return stage


async def two_people() -> Scene:
    scene = await linked_elsewhere({})()
    scene.world.link(scene.account("vera"), Identity(scene.world.idp.issuer, "another person"))
    return scene


async def an_account_of_their_own(scene: Scene) -> Any:
    """Without an address; then they link it themselves."""
    await at_page("/admin/users", username="violet", password=PASSWORD, email="")(scene)
    await scene.sign_in("violet")
    return await scene.get(await scene.at_provider("/api/identities/link"))


async def an_address_of_their_own(scene: Scene) -> None:
    scene.world.idp.claims["email"] = "violet@example.org"


async def unlinked(scene: Scene) -> None:
    vera = scene.account("vera")
    answer = await Scene(world=scene.world).ask("GET", f"/api/users/{vera.id}", auth=("keeper", PASSWORD))
    identity = answer.json()["identities"][0]["id"]
    await at_page(f"/admin/users/{vera.id}/unlink", identity=identity)(scene)


async def over_plain_http() -> Scene:
    """The sign-in page at home, at a RomM that is told to be behind https."""
    scene = Scene(world=await house(), origin="http://romm.test", path="/api/login", form=True)
    scene.body = {"username": "vera", "password": PASSWORD}
    scene.headers = {"accept": "text/html", "origin": "http://romm.test"}
    return scene


def only_for_its_scope(idp: FakeProvider) -> None:
    """The address is sent to those who ask for it."""

    def send(claims: dict[str, Any]) -> None:
        if "email" not in idp.received("/authorize")[-1].query["scope"]:
            claims.pop("email", None)

    idp.alter_id_token = idp.alter_userinfo = send


async def moved(scene: Scene) -> None:
    await at_page("/admin/oidc/move/apply", old=OLD, way="by-email")(scene)


def unlinked_account(**environ: str) -> Stage:
    async def stage() -> Scene:
        scene = Scene(world=await house(**environ), action=signs_in)
        vera = replace(scene.account("vera"), email=ALICE, email_source=EmailSource.ADMINISTRATOR)
        scene.world.accounts.by_id[vera.id] = vera
        return scene

    return stage


async def links_from_the_account(scene: Scene) -> Any:
    await scene.sign_in("vera")
    return await scene.get(await scene.at_provider("/api/identities/link"))


def with_password_alone(**environ: str) -> Stage:
    async def stage() -> Scene:
        body = {"username": "vera", "password": PASSWORD}
        return Scene(world=await house(**environ), path="/api/login", body=body)

    return stage


async def recovers(scene: Scene) -> Any:
    does = scene.world.use_cases
    secret = await does.recovery.recovery_link(COMMAND_LINE, scene.account("keeper"))
    return await scene.ask("POST", "/api/recover", {"token": secret})


HTTPS = {"origin": ORIGIN, "headers": {"accept": "text/html", "origin": ORIGIN}}

ROWS = (
    Row(Code.BROWSER_WITHOUT_TLS, over_plain_http, {
        "Let the proxy redirect http to https": change(**HTTPS), "Open it at its https address and sign in there": change(**HTTPS),
        "set ROMM_BASE_URL to the http address": configure(ROMM_BASE_URL="http://romm.test", OIDC_REDIRECT_URI=""),
    }),
    Row(Code.RESPONSE_ISSUER, signing_in(changed(alter_response=merged(iss=OLD))), {
        "register at each its own only": at_provider(alter_response=unchanged),
    }),
    Row(Code.CLIENT_METHOD_UNSUPPORTED, signing_in(changed(
        alter_metadata=merged(token_endpoint_auth_methods_supported=["tls_client_auth"]), auth_methods=("client_secret_post",),
    )), {
        "If it accepts one without announcing it, name it in OIDC_TOKEN_ENDPOINT_AUTH_METHOD":
            configure(OIDC_TOKEN_ENDPOINT_AUTH_METHOD="client_secret_post"),
    }),
    Row(Code.TOKEN_RESPONSE_INVALID, signing_in(changed(instead={"token": PAGE})), {
        "let RomM reach this address without a sign-in": at_provider(instead={}),
    }),
    Row(Code.ID_TOKEN_ALGORITHM, signing_in(changed(algorithm="ES256"), OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="RS256"), {
        "Add it in both places if it uses a key pair, such as ES256": configure(OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="RS256 ES256"),
    }),
    Row(Code.ID_TOKEN_KEY_UNKNOWN, signing_in(changed(alter_header=merged(kid="of another instance"))), {
        "look for several instances with different keys": at_provider(alter_header=unchanged),
    }),
    Row(Code.ID_TOKEN_AUDIENCE, signing_in(changed(alter_id_token=merged(aud="another client"))), {
        "Check OIDC_CLIENT_ID": both(at_provider(client_id="another client"), configure(OIDC_CLIENT_ID="another client")),
    }),
    Row(Code.ID_TOKEN_AT_HASH, signing_in(changed(alter_id_token=merged(at_hash="bm90IHRoaXMgb25lICE"))), {
        "Otherwise update the provider": at_provider(alter_id_token=unchanged),
    }),
    Row(Code.ID_TOKEN_ACR, signing_in(changed(alter_id_token=merged(acr="silver")), OIDC_ACR_VALUES="gold"), {
        "Set up that level at the provider for this client": at_provider(alter_id_token=merged(acr="gold")),
    }),
    Row(Code.ID_TOKEN_CLAIM_TYPE, signing_in(changed(alter_id_token=merged(sub=None))), {
        "or update the provider or the bridge before it": at_provider(alter_id_token=unchanged),
    }),
    Row(Code.EMAIL_MISSING, signing_in(only_for_its_scope, OIDC_SCOPES="openid groups"), {
        "put `email` in OIDC_SCOPES and allow it for the client": configure(OIDC_SCOPES="openid email groups"),
    }),
    Row(Code.EMAIL_INVALID, signing_in(changed(alter_id_token=merged(email="al ice@example.org"))), {
        "Correct the person's address at the provider": at_provider(alter_id_token=unchanged),
    }),
    Row(Code.ALREADY_LINKED, linked_elsewhere({}), {
        "/admin/oidc": moved, "romm users move-issuer {linked} {issuer}": moved, "/docs/changing-provider": moved,
        "name it in OIDC_FORMER_ISSUERS to move them one by one": configure(OIDC_FORMER_ISSUERS=OLD),
    }),
    Row(Code.ALREADY_LINKED, two_people, {
        "give each their own at the provider": an_address_of_their_own, "unlink the old identity on /admin/users/{account}": unlinked,
        "create an account without an address for the second, which they link on /account": instead(an_account_of_their_own),
    }),
    Row(Code.LINK_FROM_ACCOUNT, unlinked_account(OIDC_LINK_BY_EMAIL="false"), {
        "Set it to true to link by verified address": configure(OIDC_LINK_BY_EMAIL="true"),
        "Sign in to it with its password, and link it on your account page": instead(links_from_the_account),
    }),
    Row(Code.REGISTRATION_CLOSED, signing_in(OIDC_ALLOW_REGISTRATION="false"), {
        "Set it to true to let this person in": configure(OIDC_ALLOW_REGISTRATION="true"),
        "Ask the administrator for one": at_page("/admin/users", username="alice", password=PASSWORD, email=ALICE),
    }),
    Row(Code.PASSWORDS_OFF, with_password_alone(DISABLE_USERPASS_LOGIN="true"), {
        "Set it to false and restart": configure(DISABLE_USERPASS_LOGIN="false"),
        "let people in through the provider": instead(signs_in),
        "Use the sign-in provider": instead(signs_in),
        "`romm recover`": instead(recovers),
    }),
)  # fmt: skip
