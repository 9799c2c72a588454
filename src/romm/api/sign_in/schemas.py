"""Forms and answers of signing in and out."""

from msgspec import Struct


class SignInForm(Struct, frozen=True):
    """A name and a password, from a form or JSON. `next` is where the HTML form goes afterwards."""

    username: str
    password: str
    next: str = "/"


class LogoutAnswer(Struct, frozen=True):
    """Where to send the browser so that the provider's session ends too."""

    oidc_logout_url: str


class LogoutForm(Struct, frozen=True):
    """What a provider sends when somebody signed out there (OpenID Connect Back-Channel Logout 1.0, 2.5)."""

    logout_token: str
