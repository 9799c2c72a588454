"""The further providers: `[providers.<id>]` and `ROMM_PROVIDERS__<ID>__<KEY>`."""

from pathlib import Path

import pytest

from romm.settings.load import describe, load
from romm.settings.model import DeclaredProvider, Loaded, SettingsError

HOUSE = {
    "ROMM_BASE_URL": "https://romm.test",
    "OIDC_ENABLED": "true",
    "OIDC_PROVIDER": "authelia",
    "OIDC_CLIENT_ID": "romm",
    "OIDC_CLIENT_SECRET": "a secret of the house",
    "OIDC_SERVER_APPLICATION_URL": "https://auth.test",
}
GOOGLE = """
[providers.google]
client_id = "romm-there"
client_secret = "a secret"
server_application_url = "https://accounts.google.com"
allow_registration = false
"""


def loaded(tmp_path: Path, written: str, **more: str) -> Loaded:
    file = tmp_path / "romm.toml"
    file.write_text(written, encoding="utf-8")
    return load(HOUSE | {"ROMM_SETTINGS_FILE": str(file)} | more)


def further(found: Loaded) -> DeclaredProvider:
    [declared] = found.settings.providers
    return declared


def problems(tmp_path: Path, written: str, **more: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, written, **more)
    return caught.value.problems


def test_a_table_is_a_provider_with_its_own_redirect_uri_and_the_preset_of_its_id(tmp_path: Path) -> None:
    google = further(loaded(tmp_path, GOOGLE))
    assert (google.id, google.label, google.off) == ("google", "Google", "")
    assert google.oidc.redirect_uri == "https://romm.test/api/oauth/openid/google"
    assert google.is_open_to_anyone


def test_the_first_one_is_as_without_the_others(tmp_path: Path) -> None:
    alone, beside = load(HOUSE).settings, loaded(tmp_path, GOOGLE).settings
    assert (alone.oidc, alone.oidc_off, alone.providers) == (beside.oidc, beside.oidc_off, ())


def test_they_keep_the_files_order_and_those_of_the_environment_follow_by_name(tmp_path: Path) -> None:
    written = "[providers.zeta]\nclient_id = 'z'\n[providers.alpha]\nclient_id = 'a'"
    more = {"ROMM_PROVIDERS__POCKET_ID__CLIENT_ID": "p", "ROMM_PROVIDERS__BETA__CLIENT_ID": "b"}
    assert [each.id for each in loaded(tmp_path, written, **more).settings.all_providers] == [
        "oidc", "zeta", "alpha", "beta", "pocket-id",
    ]  # fmt: skip


def test_a_variable_overrides_the_file_and_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n", encoding="utf-8")
    environ = {
        "ROMM_PROVIDERS__GOOGLE__CLIENT_ID": "overridden",
        "ROMM_PROVIDERS__GOOGLE__ROLE_ADMIN": "admins, owners",
        "ROMM_PROVIDERS__GOOGLE__CLIENT_SECRET_FILE": str(secret),
    }
    oidc = further(loaded(tmp_path, GOOGLE.replace('client_secret = "a secret"', ""), **environ)).oidc
    assert (oidc.client_id, oidc.client_secret, oidc.role_admin) == ("overridden", "from a file", ("admins", "owners"))


def test_an_id_with_a_dash_is_written_with_either_in_a_variable(tmp_path: Path) -> None:
    written = "[providers.pocket-id]\nclient_id = 'file'"
    for name in ("ROMM_PROVIDERS__POCKET_ID__CLIENT_ID", "ROMM_PROVIDERS__POCKET-ID__CLIENT_ID"):
        assert further(loaded(tmp_path, written, **{name: "variable"})).oidc.client_id == "variable"


def test_an_empty_variable_declares_nothing() -> None:
    assert load(HOUSE | {"ROMM_PROVIDERS__GOOGLE__CLIENT_ID": " "}).settings.providers == ()


def test_a_half_configured_one_is_off_by_itself_and_names_what_is_missing(tmp_path: Path) -> None:
    written = f"{GOOGLE}\n[providers.friends]\nclient_id = 'f'\n[providers.work]\nenabled = false"
    settings = loaded(tmp_path, written).settings
    assert [each.id for each in settings.working_providers] == ["oidc", "google"]
    friends, work = settings.providers[1:]
    assert friends.off.startswith("ROMM_PROVIDERS__FRIENDS__SERVER_APPLICATION_URL is missing")
    assert work.off.startswith("enabled in [providers.work]")


def test_mistakes_of_all_providers_are_reported_together(tmp_path: Path) -> None:
    written = GOOGLE.replace("allow_registration = false", "allow_registration = 'perhaps'\nclient_idd = 'x'")
    found = problems(tmp_path, written, OIDC_AUTOLOGIN="maybe", ROMM_PROVIDERS__GOOGLE__CLIENT_IDD="y")
    assert [problem.partition(" is ")[0].partition(" in ")[0] for problem in found] == [
        "providers.google.client_idd",
        "ROMM_PROVIDERS__GOOGLE__CLIENT_IDD",
        "OIDC_AUTOLOGIN",
        "allow_registration",
    ]
    assert "did you mean client_id in [providers.google]?" in found[0]
    assert "did you mean ROMM_PROVIDERS__GOOGLE__CLIENT_ID?" in found[1]
    assert "[providers.google]" in found[3]


def test_a_wrong_choice_switches_off_that_provider_alone(tmp_path: Path) -> None:
    settings = loaded(tmp_path, GOOGLE, ROMM_PROVIDERS__GOOGLE__TRUST_EMAIL="sometimes").settings
    assert settings.oidc_off == ""
    assert settings.providers[0].off.startswith("ROMM_PROVIDERS__GOOGLE__TRUST_EMAIL is 'sometimes'")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[providers.oidc]\nclient_id = 'x'", "the id oidc is the provider in [oidc]; choose another"),
        ("[providers.backchannel-logout]\nclient_id = 'x'", "the id backchannel-logout is the end of the address"),
        ("[providers.Google]\nclient_id = 'x'", "'Google' is no id; write 1 to 32 of a-z, 0-9 and -"),
        ("[providers.my_idp]\nclient_id = 'x'", "'my_idp' is no id"),
        (f"[providers.{'a' * 33}]\nclient_id = 'x'", "is no id"),
        ("[providers.-a]\nclient_id = 'x'", "'-a' is no id"),
        ("[providers]\nclient_id = 'x'", "providers.client_id in"),
        ("[[providers]]\nclient_id = 'x'", "is not a table; write [providers.google]"),
    ],
)
def test_an_id_is_short_and_plain_and_not_reserved(tmp_path: Path, written: str, says: str) -> None:
    [problem] = problems(tmp_path, written)
    assert says in problem


@pytest.mark.parametrize(
    "issuer", ["https://auth.test", "https://AUTH.test/", "https://auth.test/.well-known/openid-configuration"]
)
def test_two_providers_with_one_issuer_are_a_mistake_and_the_later_one_is_off(issuer: str) -> None:
    other = {"ROMM_PROVIDERS__TWO__CLIENT_ID": "two", "ROMM_PROVIDERS__TWO__SERVER_APPLICATION_URL": issuer}
    settings = load(HOUSE | other).settings
    assert settings.oidc_off == ""
    assert "names the issuer of [oidc] again" in settings.providers[0].off


def test_the_redirect_uri_of_another_provider_is_refused(tmp_path: Path) -> None:
    there = "https://romm.test/api/oauth/openid"
    assert (
        "does not end in /api/oauth/openid/google"
        in further(loaded(tmp_path, GOOGLE, ROMM_PROVIDERS__GOOGLE__REDIRECT_URI=there)).off
    )
    assert (
        "does not end in /api/oauth/openid,"
        in loaded(tmp_path, GOOGLE, OIDC_REDIRECT_URI=f"{there}/google").settings.oidc_off
    )


@pytest.mark.parametrize(
    ("written", "chosen"),
    [("false", []), ("true", []), ("oidc", ["oidc"]), ("google", ["google"]), ("Google", ["google"])],
)
def test_the_login_page_goes_to_a_named_one_of_several(tmp_path: Path, written: str, chosen: list[str]) -> None:
    found = loaded(tmp_path, GOOGLE, OIDC_AUTOLOGIN=written)
    assert [each.id for each in found.settings.all_providers if each.oidc.autologin] == chosen
    assert any("write its id: oidc or google" in each for each in found.warnings) == (written == "true")


@pytest.mark.parametrize("off", [{"ENABLED": "false"}, {"CLIENT_ID": ""}])
def test_a_login_page_that_cannot_go_to_the_named_one_says_what_it_shows(tmp_path: Path, off: dict[str, str]) -> None:
    more = {f"ROMM_PROVIDERS__GOOGLE__{key}": value for key, value in off.items()}
    written = GOOGLE.replace('client_id = "romm-there"', "")
    [warning] = [
        each for each in loaded(tmp_path, written, OIDC_AUTOLOGIN="google", **more).warnings if "AUTOLOGIN" in each
    ]
    assert "[providers.google], which is off, so the page shows oidc" in warning


def test_the_switch_of_a_first_one_that_is_off_is_not_another_ones(tmp_path: Path) -> None:
    found = loaded(tmp_path, GOOGLE, OIDC_AUTOLOGIN="true", OIDC_ENABLED="false")
    assert not further(found).oidc.autologin
    assert any("[oidc], which is off, so the page shows google" in each for each in found.warnings)


def test_what_is_neither_a_switch_nor_an_id_is_a_mistake_that_names_the_ids(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, GOOGLE, OIDC_AUTOLOGIN="gogle")
    assert problem.endswith("or false (0, no, off), or the id of a provider: oidc or google.")
    with pytest.raises(SettingsError) as alone:
        load(HOUSE | {"OIDC_AUTOLOGIN": "gogle"})
    assert alone.value.problems[0].endswith("or false (0, no, off).")


def test_the_login_page_still_goes_to_a_single_one(tmp_path: Path) -> None:
    found = loaded(tmp_path, "[providers.google]\nclient_id = 'half'", OIDC_AUTOLOGIN="true")
    assert found.settings.oidc.autologin


def test_the_login_page_goes_to_one_provider_only(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, GOOGLE, OIDC_AUTOLOGIN="oidc", ROMM_PROVIDERS__GOOGLE__AUTOLOGIN="true")
    assert "are all true" in problem


def test_the_list_of_settings_has_what_is_set_and_no_secret(tmp_path: Path) -> None:
    rows = {name: value for name, value, _ in describe(loaded(tmp_path, GOOGLE)) if "PROVIDERS" in name}
    assert rows["ROMM_PROVIDERS__GOOGLE__CLIENT_SECRET"] == "(hidden)"
    assert rows["ROMM_PROVIDERS__GOOGLE__CLIENT_ID"] == "romm-there"
    assert "ROMM_PROVIDERS__GOOGLE__SCOPES" not in rows


def test_a_workspace_is_not_open_to_anyone(tmp_path: Path) -> None:
    assert not further(loaded(tmp_path, GOOGLE, ROMM_PROVIDERS__GOOGLE__HOSTED_DOMAINS="example.org")).is_open_to_anyone
    assert further(loaded(tmp_path, "[providers.friends]\nopen_to_anyone = true")).is_open_to_anyone


def test_a_warning_names_the_providers_own_variable(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, GOOGLE, ROMM_PROVIDERS__GOOGLE__TRUST_EMAIL="always", ROMM_PROVIDERS__GOOGLE__CLAIM_ROLES="groups"
    )
    assert any(each.startswith("ROMM_PROVIDERS__GOOGLE__TRUST_EMAIL is always") for each in found.warnings)
    assert any("ROMM_PROVIDERS__GOOGLE__ROLE_VIEWER=*" in each for each in found.warnings)
    assert not any("OIDC_" in each for each in found.warnings)
