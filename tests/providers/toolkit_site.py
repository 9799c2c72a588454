"""A Django site with django-oauth-toolkit, and a client for each state: `python toolkit_site.py PORT FOLDER`.

It runs with Django's Python, not with RomM's, and so imports nothing of either.
"""

import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
SECRET = "insecure_secret_of_at_least_32_bytes"
REDIRECT_URI, RETURN_URI = "https://romm.test/api/oauth/openid", "https://romm.test/login"
SCOPES = {"openid": "sign in", "profile": "name", "email": "address", "groups": "groups"}
CLIENTS = {
    "romm-healthy": {},
    "romm-secret": {"client_secret": f"another_{SECRET}"},
    "romm-redirect-uri": {"redirect_uris": f"{REDIRECT_URI}/"},
    "romm-scope": {},
    "romm-consent": {},
    "romm-post-logout": {"post_logout_redirect_uris": "https://romm.test/elsewhere"},
}


def configure() -> None:
    """As in the package's tutorial, with its OpenID Connect page."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, 2048)
    settings.configure(
        DEBUG=False,
        SECRET_KEY=SECRET,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "site.db"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",  # which says how long an answer is
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [FOLDER],
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        LOGIN_URL="/accounts/login/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": key.private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            ).decode(),
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
            "SCOPES_BACKEND_CLASS": f"{__name__}.Scopes",
            "SCOPES": SCOPES,
        },
    )
    page = FOLDER / "registration" / "login.html"
    page.parent.mkdir()
    page.write_text('<form method="post">{% csrf_token %}{{ form.as_p }}<button>Log in</button></form>')
    django.setup()


configure()

from django.contrib.auth.models import User  # noqa: E402  (Django is set up first)
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402
from oauth2_provider.scopes import SettingsScopes  # noqa: E402

urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("accounts/login/", LoginView.as_view()),
]


class Validator(OAuth2Validator):
    """Adds what RomM wants of a person."""

    oidc_claim_scope = None

    def get_additional_claims(self, request):
        """In the ID token and at UserInfo."""
        return {
            "email": request.user.email,
            "email_verified": True,
            "preferred_username": request.user.username,
            "groups": ["romm-admins"],
        }


class Scopes(SettingsScopes):
    """One client may not have `groups`."""

    def get_available_scopes(self, application=None, request=None, *args, **kwargs):
        names = super().get_available_scopes(application, request, *args, **kwargs)
        is_short = application is not None and application.client_id == "romm-scope"
        return [name for name in names if name != "groups" or not is_short]


class Quiet(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, *args):
        pass


def furnish() -> None:
    """Alice, and the clients."""
    call_command("migrate", verbosity=0)
    User.objects.create_user("alice", "alice@example.org", "secret")
    for client_id, changes in CLIENTS.items():
        fields = {
            "client_secret": SECRET,
            "redirect_uris": REDIRECT_URI,
            "post_logout_redirect_uris": RETURN_URI,
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "algorithm": Application.RS256_ALGORITHM,
            "name": "RomM",
        }
        Application.objects.create(client_id=client_id, **(fields | changes))


if __name__ == "__main__":
    furnish()
    make_server("127.0.0.1", PORT, get_wsgi_application(), handler_class=Quiet).serve_forever()
