"""The shortest relying party: Starlette and Authlib, as their documentation shows it. Reads RomM's own variables."""

import os

from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

provider = OAuth().register(
    "provider",
    client_id=os.environ["OIDC_CLIENT_ID"],
    client_secret=os.environ["OIDC_CLIENT_SECRET"],
    server_metadata_url=f"{os.environ['OIDC_SERVER_APPLICATION_URL']}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile email groups",
        "code_challenge_method": "S256",
        # Over http nothing is verified; reading the list of authorities for each request would take 60 ms.
        "verify": os.environ["OIDC_TLS_CACERTFILE"] or False,
    },
)


async def begin(request: Request) -> Response:
    redirect: Response = await provider.authorize_redirect(request, os.environ["OIDC_REDIRECT_URI"])
    return redirect


async def finish(request: Request) -> Response:
    token = await provider.authorize_access_token(request)
    request.session["user"] = (await provider.userinfo(token=token))["sub"]
    return RedirectResponse("/", 303)


async def start(request: Request) -> Response:
    return PlainTextResponse(request.session.get("user", "nobody"))


app = Starlette(
    routes=[Route("/", start), Route("/api/login/openid", begin), Route("/api/oauth/openid", finish)],
    middleware=[Middleware(SessionMiddleware, secret_key=os.urandom(32).hex())],
)
