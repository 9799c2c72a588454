"""Which client authentication is used, and which is tried next."""

import pytest

from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.client_methods import client_methods

BASIC, POST = "client_secret_basic", "client_secret_post"


@pytest.mark.parametrize(
    ("configured", "offered", "has_secret", "methods"),
    [
        pytest.param("", (BASIC, POST), True, (BASIC, POST), id="both: the client may be registered for either"),
        pytest.param("", (POST, "private_key_jwt"), True, (POST,), id="post alone"),
        pytest.param("", (BASIC,), True, (BASIC,), id="basic alone"),
        pytest.param("", (), True, (BASIC,), id="not announced: the default of the standard"),
        pytest.param("", (BASIC,), False, ("none",), id="a public client, whatever is announced"),
        pytest.param(POST, (BASIC,), True, (POST,), id="the configured one, although it is not announced"),
        pytest.param(BASIC, (BASIC, POST), True, (BASIC,), id="the configured one alone"),
    ],
)
def test_the_methods(configured: str, offered: tuple[str, ...], has_secret: bool, methods: tuple[str, ...]) -> None:
    assert client_methods(configured, offered, has_secret=has_secret) == methods


def test_a_provider_with_none_of_our_methods_is_refused() -> None:
    refuse = client_methods("", ("private_key_jwt", "none"), has_secret=True)
    assert refuse == Refuse(
        Code.CLIENT_METHOD_UNSUPPORTED, {"offered": "private_key_jwt none", "usable": f"{BASIC} {POST}"}
    )
