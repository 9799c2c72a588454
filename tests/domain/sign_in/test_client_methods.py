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
    assert client_methods(configured, offered, has_secret=has_secret, has_key=False) == methods


def test_a_provider_with_none_of_our_methods_is_refused() -> None:
    refuse = client_methods("", ("private_key_jwt", "none"), has_secret=True, has_key=False)
    assert refuse == Refuse(
        Code.CLIENT_METHOD_UNSUPPORTED,
        {"offered": "private_key_jwt none", "usable": f"{BASIC} {POST} client_secret_jwt"},
    )


@pytest.mark.parametrize(
    ("offered", "has_secret", "methods"),
    [
        pytest.param((BASIC, "private_key_jwt"), True, ("private_key_jwt",), id="the key before the secret"),
        pytest.param((BASIC,), True, (BASIC,), id="the secret where the key is no use"),
        pytest.param(("private_key_jwt",), False, ("private_key_jwt",), id="no secret"),
    ],
)
def test_the_methods_with_a_key(offered: tuple[str, ...], has_secret: bool, methods: tuple[str, ...]) -> None:
    assert client_methods("", offered, has_secret=has_secret, has_key=True) == methods


def test_a_secret_that_must_not_be_sent_signs() -> None:
    offered = ("client_secret_jwt", "private_key_jwt")
    assert client_methods("", offered, has_secret=True, has_key=False) == ("client_secret_jwt",)


def test_a_key_that_is_not_accepted_is_refused_without_a_secret() -> None:
    refuse = client_methods("", (BASIC,), has_secret=False, has_key=True)
    assert isinstance(refuse, Refuse)
    assert refuse.facts["usable"] == "private_key_jwt"
