"""Bodies of signing in and out."""

from msgspec import Struct


class SignInForm(Struct, frozen=True):
    """`next` is where the HTML form goes afterwards."""

    username: str
    password: str
    next: str = "/"


class LogoutAnswer(Struct, frozen=True):
    """Where to end the provider's session too."""

    oidc_logout_url: str


class LogoutForm(Struct, frozen=True):
    """OpenID Connect Back-Channel Logout 1.0, 2.5."""

    logout_token: str
