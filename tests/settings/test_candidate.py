"""A provider's settings before they are used: the texts to keep are read as they were typed."""

import shlex

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from msgspec.structs import replace

from romm.domain.errors import Code
from romm.settings.candidate import (
    ProviderCandidate,
    applied,
    check_text,
    compose,
    env_file,
    environment,
    registration,
    without_secret,
)
from romm.settings.load import load
from tests.world import environment as environ_of

CANDIDATE = ProviderCandidate(
    base_url="https://romm.test",
    provider="authelia",
    address="https://auth.test",
    client_id="romm",
    client_secret="$ecret",
)


@pytest.mark.parametrize("secret", ["plain", "with $dollar", "a#b c", 'a"b', "back\\slash", "ünïcode", "${NAME}"])
def test_a_value_is_read_from_both_texts_as_it_was_typed(secret: str) -> None:
    kept = environment(replace(CANDIDATE, client_secret=secret))
    assert dict(each.split("=", 1) for each in shlex.split(env_file(kept))) == kept
    written = yaml.safe_load(compose(kept))["services"]["romm"]["environment"]
    assert {name: value.replace("$$", "$") for name, value in written.items()} == kept


def test_a_single_quote_is_kept_by_double_quotes() -> None:
    assert env_file({"A": 'it\'s $5 "now" \\ `x`'}) == 'A="it\'s \\$5 \\"now\\" \\\\ \\`x\\`"\n'


def test_what_to_keep_makes_the_same_settings_as_the_check() -> None:
    running = load({"ROMM_BASE_URL": "https://other.test"}).settings
    read = load(environment(CANDIDATE)).settings
    assert applied(running, CANDIDATE).settings == read


@pytest.mark.parametrize("field", ProviderCandidate.__struct_fields__)
def test_no_value_has_a_line_break(field: str) -> None:
    refusal = check_text(replace(CANDIDATE, **{field: "a\nB=c"}))
    assert refusal is not None
    assert refusal.code is Code.REQUEST_INVALID
    assert check_text(CANDIDATE) is None


def test_the_placeholder_stands_for_a_secret_only_and_romm_warns_of_it() -> None:
    kept = environment(without_secret(CANDIDATE))
    assert "$ecret" not in env_file(kept)
    assert any("placeholder" in each for each in load(kept).warnings)
    assert "OIDC_CLIENT_SECRET" not in environment(without_secret(replace(CANDIDATE, client_secret="")))


def test_a_public_client_stays_none_and_a_secret_is_used() -> None:
    running = load({}).settings
    assert running.oidc.token_endpoint_auth_method == "none"
    assert applied(running, CANDIDATE).settings.oidc.token_endpoint_auth_method == ""
    public = applied(running, replace(CANDIDATE, client_secret="")).settings.oidc
    assert public.token_endpoint_auth_method == "none"


def test_the_other_settings_stay_and_the_other_providers_are_left_out() -> None:
    running = load(environ_of("https://old.test", ROMM_PROVIDERS__GOOGLE__CLIENT_ID="x")).settings
    found = applied(running, CANDIDATE).settings
    assert found.oidc.role_admin == ("romm-admins",)
    assert found.oidc.server_application_url == "https://auth.test"
    assert found.providers == ()
    assert found.database == running.database


def test_warnings_are_those_of_the_start() -> None:
    [warned] = applied(load({}).settings, replace(CANDIDATE, address="http://auth.test")).warnings
    assert "OIDC_SERVER_APPLICATION_URL is plain http" in warned


def test_a_provider_without_a_field_for_it_has_no_back_channel_address() -> None:
    assert registration(replace(CANDIDATE, provider="voidauth")).backchannel_logout_uri == ""
