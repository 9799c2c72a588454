"""Bodies of sign-in and sign-out."""

from msgspec import Struct

from romm.api.openapi.fields import Secret


class SignInForm(Struct, frozen=True):
    """`next`: target of the HTML form."""

    username: str
    password: str
    next: str = "/"


class LogoutAnswer(Struct, frozen=True):
    """The end-session URL at the provider."""

    oidc_logout_url: str


class LogoutForm(Struct, frozen=True):
    """OpenID Connect Back-Channel Logout 1.0, 2.5."""

    logout_token: Secret
