"""The values of a role, as an operator writes them: with commas inside, and never a piece of a name by mistake."""

from pathlib import Path

import pytest

from romm.settings.load import describe, load
from romm.settings.model import Loaded, SettingsError
from romm.settings.role_values import format_values, parsed

DN = "cn=romm-admins,ou=groups,dc=example,dc=org"
OIDC = {
    "ROMM_BASE_URL": "https://romm.test",
    "OIDC_ENABLED": "true",
    "OIDC_CLIENT_ID": "romm",
    "OIDC_SERVER_APPLICATION_URL": "https://idp.test",
    "OIDC_CLAIM_ROLES": "groups",
    "OIDC_ROLE_VIEWER": "*",
}


def loaded(admin: str = "romm-admins", **more: str) -> Loaded:
    return load(OIDC | {"OIDC_ROLE_ADMIN": admin} | more)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        pytest.param("romm-admins", ("romm-admins",), id="one"),
        pytest.param(" a , b,,c ", ("a", "b", "c"), id="several"),
        pytest.param("Games\\, Admins, staff", ("Games, Admins", "staff"), id="a comma inside"),
        pytest.param('["Games, Admins", " staff ", ""]', ("Games, Admins", "staff"), id="a JSON list"),
        pytest.param(DN.replace(",", "\\,"), (DN,), id="an LDAP name with its commas escaped"),
        pytest.param(f'["{DN}"]', (DN,), id="an LDAP name in a list"),
        pytest.param("DOMAIN\\admins", ("DOMAIN\\admins",), id="another backslash stays"),
        pytest.param("[RomM] Admins", ("[RomM] Admins",), id="a name that begins with a bracket"),
        pytest.param("[]", (), id="an empty list"),
        pytest.param("cn=a, cn=b", ("cn=a", "cn=b"), id="two groups that are called so"),
        pytest.param("ou=teachers", ("ou=teachers",), id="one that is called so"),
    ],
)
def test_values_are_read_as_they_are_meant(written: str, values: tuple[str, ...]) -> None:
    assert loaded(written).settings.oidc.role_admin == values
    assert loaded(written).warnings == ()


@pytest.mark.parametrize("written", ["[RomM]", '["a", 5]', '[["a"]]', "[" * 2000 + "]" * 2000])
def test_what_looks_like_a_list_and_is_none_is_a_mistake_with_what_to_write(written: str) -> None:
    with pytest.raises(SettingsError, match=r'OIDC_ROLE_ADMIN .*\["first", "second, with a comma"\]'):
        loaded(written)


@pytest.mark.parametrize(
    "written", [DN, DN.replace(",", ", "), DN.upper(), "uid=a,o=home", f"staff, {DN}", "CN=Admins,CN=Users,DC=home"]
)
def test_a_name_that_was_cut_is_told_at_start_and_no_piece_of_it_counts(written: str) -> None:
    found = loaded(written)
    [warning] = found.warnings
    assert warning.startswith("OIDC_ROLE_ADMIN has ")
    assert "LDAP name that was cut at its commas" in warning
    assert "in a list: [" in warning
    assert [value for value in found.settings.oidc.role_admin if "=" in value] == []


def test_the_other_values_beside_a_name_that_was_cut_count() -> None:
    assert loaded(f"staff, {DN}").settings.oidc.role_admin == ("staff",)


def test_a_list_in_the_file_is_a_list(tmp_path: Path) -> None:
    file = tmp_path / "romm.toml"
    file.write_text(f'[oidc]\nrole_admin = ["{DN}", "Games, Admins"]\nrole_editor = []\n')
    found = load(OIDC | {"ROMM_SETTINGS_FILE": str(file)})
    assert found.settings.oidc.role_admin == (DN, "Games, Admins")
    assert found.settings.oidc.role_editor == ()
    assert found.warnings == ()


@pytest.mark.parametrize("values", [(), ("a",), ("a", "b"), ("a, b", "c"), (DN,), ('ö, "x"',)])
def test_values_are_shown_as_they_can_be_written_again(values: tuple[str, ...]) -> None:
    assert parsed(format_values(values)) == values


def test_the_list_of_settings_shows_a_comma_inside_a_value() -> None:
    rows = {name: value for name, value, _ in describe(loaded('["a, b", "c"]'))}
    assert (rows["OIDC_ROLE_ADMIN"], rows["OIDC_ROLE_VIEWER"]) == ('["a, b", "c"]', "*")


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [
        ("OIDC_CLAIM_ROLES_SEPARATOR", "|", "one of ,, ;, space"),
        ("OIDC_CLAIM_ROLES_ABSENT", "maybe", "one of keep, none"),
    ],
)
def test_another_word_switches_single_sign_on_off_with_the_reason(variable: str, value: str, word: str) -> None:
    assert f"{variable} is {value!r}: write {word}" in loaded(**{variable: value}).settings.oidc_off


def test_two_separators_are_told_and_the_separator_counts() -> None:
    [warning] = loaded(OIDC_CLAIM_ROLES_SHAPE="csv", OIDC_CLAIM_ROLES_SEPARATOR=";").warnings
    assert "OIDC_CLAIM_ROLES_SHAPE is csv and OIDC_CLAIM_ROLES_SEPARATOR is ;, which counts" in warning
    assert loaded(OIDC_CLAIM_ROLES_SHAPE="csv", OIDC_CLAIM_ROLES_SEPARATOR=",").warnings == ()
    assert loaded(OIDC_CLAIM_ROLES_SHAPE="keys", OIDC_CLAIM_ROLES_SEPARATOR=";").warnings == ()
