"""Settings from defaults, file and environment: every row is something an operator really writes."""

import os
import runpy
import string
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from romm.domain.credentials.native_apps import App
from romm.domain.sign_in.linking.rules import TrustEmail
from romm.settings.load import describe, load
from romm.settings.model import FIELDS, Loaded, Settings, SettingsError

ROOT = Path(__file__).parents[2]

SSO = {
    "ROMM_BASE_URL": "https://romm.example.com",
    "OIDC_ENABLED": "true",
    "OIDC_CLIENT_ID": "romm",
    "OIDC_CLIENT_SECRET": "insecure_secret",
    "OIDC_SERVER_APPLICATION_URL": "https://auth.example.com",
}
"""Single sign-on as small as it can be."""


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return caught.value.problems


def with_file(folder: Path, content: str, **environ: str) -> dict[str, str]:
    path = folder / "romm.toml"
    path.write_text(dedent(content), encoding="utf-8")
    return {"ROMM_SETTINGS_FILE": str(path), **environ}


def row(reason: str, expected: object = "", **environ: str):
    """One row of a table: these variables, and what comes of them."""
    return pytest.param(environ, expected, id=reason)


# The guides' environment blocks, pasted


def list_form(block: str) -> dict[str, str]:
    """`- NAME=value` as Compose hands it over: whatever follows the = belongs to the value."""
    return shell_form(block.replace("- ", ""))


def shell_form(block: str) -> dict[str, str]:
    return dict(line.strip().split("=", 1) for line in block.strip().splitlines())


def mapping_form(block: str) -> dict[str, str]:
    """`NAME: 'value'`, where the quotes are YAML's."""
    pairs = (line.strip().split(": ", 1) for line in block.strip().splitlines())
    return {name: value.strip("'") for name, value in pairs}


AUTHELIA_LIST = list_form("""
    - OIDC_ENABLED=true
    - OIDC_PROVIDER=authelia
    - OIDC_CLIENT_ID=<the client_id you picked>
    - OIDC_CLIENT_SECRET=<the plaintext client secret>
    - OIDC_REDIRECT_URI=https://romm.example.com/api/oauth/openid
    - OIDC_SERVER_APPLICATION_URL=https://auth.example.com
    - ROMM_BASE_URL=https://romm.example.com
""")
AUTHELIA_SHELL = shell_form("""
    OIDC_ENABLED=true
    OIDC_PROVIDER=authelia
    OIDC_CLIENT_ID=romm
    OIDC_CLIENT_SECRET=insecure_secret
    OIDC_REDIRECT_URI=https://romm.example.com/api/oauth/openid
    OIDC_SERVER_APPLICATION_URL=https://auth.example.com
""")
AUTHELIA_MAPPING = mapping_form("""
    OIDC_ENABLED: 'true'
    OIDC_PROVIDER: 'authelia'
    OIDC_CLIENT_ID: 'romm'
    OIDC_CLIENT_SECRET: 'insecure_secret'
    OIDC_REDIRECT_URI: 'https://romm.example.com/api/oauth/openid'
    OIDC_SERVER_APPLICATION_URL: 'https://auth.example.com'
""")
AUTHENTIK_LIST = list_form("""
    - OIDC_ENABLED=true
    - OIDC_PROVIDER=authentik
    - OIDC_CLIENT_ID=<from Authentik>
    - OIDC_CLIENT_SECRET=<from Authentik>
    - OIDC_REDIRECT_URI=https://romm.example.com/api/oauth/openid
    - OIDC_SERVER_APPLICATION_URL=https://auth.example.com/application/o/romm
    - ROMM_BASE_URL=https://romm.example.com
""")
AUTHENTIK_HOME = shell_form("""
    OIDC_ENABLED=true
    OIDC_PROVIDER=authentik
    OIDC_CLIENT_ID=romm
    OIDC_CLIENT_SECRET=insecure_secret
    OIDC_REDIRECT_URI=http://romm.host.local/api/oauth/openid
    OIDC_SERVER_APPLICATION_URL=http://authentik.host.local/application/o/romm
""")


@pytest.mark.parametrize(
    ("environ", "base_url", "warnings"),
    [
        pytest.param(
            AUTHELIA_LIST, "https://romm.example.com", 2, id="Authelia, list form, RomM's guide, placeholders"
        ),
        pytest.param(AUTHELIA_SHELL, "https://romm.example.com", 0, id="Authelia, .env file, no ROMM_BASE_URL"),
        pytest.param(AUTHELIA_MAPPING, "https://romm.example.com", 0, id="Authelia, mapping with quotes"),
        pytest.param(
            AUTHENTIK_LIST, "https://romm.example.com", 2, id="Authentik, list form, RomM's guide, placeholders"
        ),
        pytest.param(AUTHENTIK_HOME, "http://romm.host.local", 2, id="Authentik, a home network, plain http twice"),
    ],
)
def test_a_guides_block_works_as_pasted(environ: dict[str, str], base_url: str, warnings: int):
    loaded = load(environ)
    assert loaded.settings.oidc_off == ""
    assert loaded.settings.server.base_url == base_url
    assert loaded.settings.oidc.redirect_uri == environ["OIDC_REDIRECT_URI"]
    assert loaded.settings.oidc.server_application_url == environ["OIDC_SERVER_APPLICATION_URL"]
    assert loaded.settings.oidc.client_id == environ["OIDC_CLIENT_ID"]
    assert len(loaded.warnings) == warnings, loaded.warnings


def test_a_guides_placeholder_is_named_and_its_value_is_not():
    [one, other] = load(AUTHENTIK_LIST).warnings
    assert one == "OIDC_CLIENT_ID still has the placeholder of a guide; put your own value there."
    assert other.startswith("OIDC_CLIENT_SECRET still has the placeholder")


def test_an_existing_compose_file_for_mariadb_starts_on_the_embedded_file_and_says_so():
    loaded = load(
        AUTHELIA_SHELL
        | {
            "DB_HOST": "romm-db",
            "DB_PORT": "3306",
            "DB_NAME": "romm",
            "DB_USER": "romm-user",
            "DB_PASSWD": "hidden!",
        }
        | {
            "ROMM_AUTH_SECRET_KEY": "abc",
            "IGDB_CLIENT_ID": "x",
            "ROMM_BASE_PATH": "/romm",
            "KIOSK_MODE": "false",
        }
        | {"OAUTH_ACCESS_TOKEN_EXPIRE_SECONDS": "1800", "INVITE_TOKEN_EXPIRY_SECONDS": "600"}
    )
    assert loaded.settings.database.is_embedded
    assert loaded.settings.database.url == "sqlite+aiosqlite:////romm/romm.db"
    (warning,) = loaded.warnings
    assert all(part in warning for part in ("DB_HOST", "MariaDB", "/romm/romm.db", "romm import", "ROMM_DB_DRIVER"))
    (note,) = loaded.notes
    assert "ROMM_AUTH_SECRET_KEY" in note


# Layers and names


def test_without_any_configuration_everything_is_a_default():
    loaded = load({})
    assert (loaded.warnings, loaded.notes) == ((), ())
    assert loaded.settings.server.base_url == "http://127.0.0.1:8080"
    assert loaded.settings.database.url == "sqlite+aiosqlite:///data/romm.db"
    assert loaded.settings.oidc_off == "OIDC_ENABLED is false"
    assert loaded.settings.oidc.trust_email is TrustEmail.VERIFIED
    assert loaded.settings.log.sign_in_retention_days == 90
    assert loaded.origins["log.level"] == "default"


def test_a_file_stands_over_the_defaults_and_the_environment_over_the_file(tmp_path: Path):
    environ = with_file(
        tmp_path,
        """
        [server]
        port = 9000
        host = "0.0.0.0"
        [oidc]
        enabled = true
        scopes = ""
        """,
        ROMM_PORT="9100",
    )
    loaded = load(environ)
    assert (loaded.settings.server.port, loaded.origins["server.port"]) == (9100, "ROMM_PORT")
    assert loaded.settings.server.host == "0.0.0.0"  # noqa: S104 - a value, nothing listens
    assert loaded.origins["server.host"] == f"settings file {environ['ROMM_SETTINGS_FILE']}"
    assert loaded.settings.server.workers == 1  # the table's other defaults stay
    assert loaded.settings.oidc.enabled is True
    assert loaded.origins["oidc.scopes"] == "default"  # an empty value in the file is an unset one


SAMPLES = {
    "server.base_url": "https://romm.example.com",
    "server.trusted_proxies": "10.0.0.0/8",
    "server.api_version": "5.2.0",
    "server.language": "pt-BR",
    "server.forward_hosts": "files.example.com",
    "database.url": "sqlite:///other.db",
    "database.driver": "sqlite",
    "oidc.response_mode": "form_post",
    "oidc.claim_roles_shape": "csv",
    "oidc.claim_roles_separator": ";",
    "oidc.claim_roles_absent": "none",
    "oidc.trust_email": "absent",
    "oidc.backchannel_logout_scope": "person",
    "oidc.token_endpoint_auth_method": "client_secret_post",
    "oidc.redirect_uri": "https://romm.example.com/api/oauth/openid",
    "log.level": "DEBUG",
    "log.format": "json",
    "traces.endpoint": "http://collector:4318/v1/traces",
}
"""A value for each key that does not take any `true` or `7`."""

NEEDS = {"server.forward_hosts": {"ROMM_BASE_URL": "https://romm.example.com"}}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_every_key_has_its_flat_name_the_generic_one_and_a_file_form(field, tmp_path: Path):
    value = SAMPLES.get(field.path, "true" if field.type is bool else "7")
    (tmp_path / "value").write_text(value + "\n")
    read = []
    for name in (field.variable.name, f"ROMM_{field.section}__{field.key}".upper()):
        for environ in ({name: value}, {f"{name}_FILE": str(tmp_path / "value")}):
            loaded = load(NEEDS.get(field.path, {}) | environ)
            read.append(getattr(getattr(loaded.settings, field.section), field.key))
            assert loaded.origins[field.path] == next(iter(environ))
    assert read == [read[0]] * 4
    assert read[0] != getattr(getattr(load({}).settings, field.section), field.key) or value == "true"


def test_two_names_of_one_key_must_agree():
    same = {"OIDC_CLIENT_ID": "a", "ROMM_OIDC__CLIENT_ID": "a"}
    assert load(same).settings.oidc.client_id == "a"
    (problem,) = problems(same | {"ROMM_OIDC__CLIENT_ID": "b"})
    assert "OIDC_CLIENT_ID and ROMM_OIDC__CLIENT_ID" in problem
    assert "remove one" in problem


# Values from files


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("s3cret", "s3cret", id="no newline at the end"),
        pytest.param("s3cret\n", "s3cret", id="what `echo` writes"),
        pytest.param("s3cret\r\n", "s3cret", id="what an editor on Windows writes"),
        pytest.param("s3cret\n\n", "s3cret\n", id="one newline is dropped, not all"),
        pytest.param(" s3cret ", " s3cret ", id="blanks are part of a secret in a file"),
        pytest.param('"s3cret"', '"s3cret"', id="quotes too"),
    ],
)
def test_a_secrets_file_is_taken_to_the_letter(content: str, expected: str, tmp_path: Path):
    path = tmp_path / "secret"
    path.write_bytes(content.encode())
    loaded = load({"OIDC_CLIENT_SECRET_FILE": str(path), "OIDC_CLIENT_SECRET": ""})
    assert loaded.settings.oidc.client_secret == expected
    assert loaded.origins["oidc.client_secret"] == "OIDC_CLIENT_SECRET_FILE"


@pytest.mark.parametrize(("content", "warned"), [("s3cret\n", False), ("s3cret \n", True), (" s3cret", True)])
def test_blanks_that_nobody_sees_in_a_secrets_file_are_remarked(content: str, warned: bool, tmp_path: Path):
    (tmp_path / "secret").write_text(content)
    warnings = load(SSO | {"OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}).warnings
    assert [warning.partition(" ")[0] for warning in warnings] == ["OIDC_CLIENT_SECRET_FILE"] * warned


def test_a_value_and_its_file_together_are_an_error(tmp_path: Path):
    (tmp_path / "secret").write_text("same")
    (problem,) = problems({"DB_PASSWD": "same", "DB_PASSWD_FILE": str(tmp_path / "secret")})
    assert "DB_PASSWD and DB_PASSWD_FILE" in problem


def test_a_file_that_cannot_be_read_or_is_no_text_is_named(tmp_path: Path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    gone, binary = problems({"DB_PASSWD_FILE": "/no/such/file", "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "binary")})
    assert "DB_PASSWD_FILE" in gone
    assert "/no/such/file" in gone
    assert "OIDC_CLIENT_SECRET_FILE" in binary


def test_an_empty_secrets_file_does_not_make_a_public_client_unnoticed(tmp_path: Path):
    (tmp_path / "empty").write_text("\n")
    environ = {**SSO, "OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "empty")}
    assert any("OIDC_CLIENT_SECRET_FILE" in warning and "empty" in warning for warning in load(environ).warnings)


# Values of each type


@pytest.mark.parametrize(
    ("written", "expected"),
    [(text, True) for text in ("1", "true", "TRUE", "True", "yes", "Yes", "on", " on ")]
    + [(text, False) for text in ("0", "false", "FALSE", "no", "NO", "off", "")],
)
def test_a_switch_understands_what_people_write(written: str, expected: bool):
    assert load({"OIDC_ENABLED": written}).settings.oidc.enabled is expected


@pytest.mark.parametrize("written", ["maybe", "2", "tru", "t", "enabled", "null"])
def test_a_switch_refuses_everything_else_and_says_what_is_allowed(written: str):
    (problem,) = problems({"DISABLE_USERPASS_LOGIN": written})
    assert "DISABLE_USERPASS_LOGIN" in problem
    assert "true (1, yes, on) or false (0, no, off)" in problem


@pytest.mark.parametrize("written", ["abc", "0", "65536", "-1", "80.0", "8_080", "٨٠", "0x10", "1e3"])
def test_a_port_is_a_whole_number_within_its_bounds(written: str):
    (problem,) = problems({"ROMM_PORT": written})
    assert "ROMM_PORT" in problem
    assert "1 to 65535" in problem


@pytest.mark.parametrize(
    "written",
    [
        "12345",
        "1e5",
        "0x10",
        "1_000",
        "3.10",
        "true",
        "@jinja {{ 1 }}",
        "@format {this}",
        "@int 5",
        "@del",
        "@merge x",
        "[1]",
        "{a=1}",
        "ümläut",
        'a"b',
    ],
)
def test_text_stays_text(written: str, tmp_path: Path):
    assert load({"OIDC_CLIENT_ID": written}).settings.oidc.client_id == written
    in_a_file = with_file(tmp_path, f"[oidc]\nclient_id = '{written}'")
    assert load(in_a_file).settings.oidc.client_id == written


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1).filter(
    lambda text: text[0] not in "\"'“„‘«"
)


@given(secret=PRINTABLE)
@hypothesis_settings(max_examples=25, deadline=None)
def test_any_secret_arrives_as_it_was_written(secret: str):
    assert load({"OIDC_CLIENT_SECRET": secret}).settings.oidc.client_secret == secret


@pytest.mark.parametrize(
    ("written", "expected", "warned"),
    [
        pytest.param('"abc"', "abc", True, id='list form: - OIDC_CLIENT_ID="abc"'),
        pytest.param("'abc'", "abc", True, id="single quotes"),
        pytest.param('""', "", True, id="quotes around nothing are nothing"),
        pytest.param("“abc”", "abc", True, id="quotes of a word processor"),
        pytest.param("  abc\t", "abc", False, id="blanks"),
        pytest.param("abc\r", "abc", False, id="the end of a Windows line"),
        pytest.param("\ufeffabc\u200b\u00a0", "abc", False, id="what nobody sees"),
        pytest.param('"abc', '"abc', False, id="one quote belongs to the value"),
        pytest.param('"', '"', False, id="a lone quote too"),
        pytest.param("\"abc'", "\"abc'", False, id="two different quotes too"),
        pytest.param("a'b'", "a'b'", False, id="quotes inside too"),
    ],
)
def test_stray_quotes_around_a_whole_value_are_taken_off(written: str, expected: str, warned: bool):
    loaded = load({"OIDC_CLIENT_ID": written})
    assert loaded.settings.oidc.client_id == expected
    assert any("OIDC_CLIENT_ID" in warning for warning in loaded.warnings) is warned


def test_a_warning_about_quotes_does_not_show_the_secret():
    (warning,) = load({"OIDC_CLIENT_SECRET": '"s3cret"'}).warnings
    assert "s3cret" not in warning


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        pytest.param("OIDC_ROLE_ADMIN", "admins", ("admins",), id="one role"),
        pytest.param(
            "OIDC_ROLE_ADMIN",
            " Game Admins , ops,, ",
            ("Game Admins", "ops"),
            id="blanks belong to a group's name",
        ),
        pytest.param("OIDC_ROLE_VIEWER", "*", ("*",), id="everyone"),
        pytest.param(
            "OIDC_EXTRA_AUDIENCES",
            "account, other third",
            ("account", "other", "third"),
            id="both separators",
        ),
        pytest.param("OIDC_HOSTED_DOMAINS", "example.com, example.org", ("example.com", "example.org"), id="domains"),
        pytest.param("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS", "RS256,ES256", ("RS256", "ES256"), id="algorithms"),
    ],
)
def test_a_list_is_one_text(name: str, written: str, expected: tuple[str, ...]):
    assert getattr(load({name: written}).settings.oidc, name.removeprefix("OIDC_").lower()) == expected


def test_a_list_in_the_file_keeps_its_texts_and_replaces_the_default(tmp_path: Path):
    environ = with_file(
        tmp_path,
        """
        [oidc]
        role_admin = ["Ops, Berlin", "Game Admins"]
        role_editor = []
        id_token_signed_response_algs = ["ES256"]
        """,
    )
    loaded = load(environ)
    assert loaded.settings.oidc.role_admin == ("Ops, Berlin", "Game Admins")
    assert loaded.settings.oidc.id_token_signed_response_algs == ("ES256",)
    assert loaded.origins["oidc.id_token_signed_response_algs"] == f"settings file {environ['ROMM_SETTINGS_FILE']}"
    assert loaded.origins["oidc.role_editor"] == "default"  # an empty list is an unset one
    assert load(environ | {"OIDC_ROLE_ADMIN": "ops"}).settings.oidc.role_admin == ("ops",)


@pytest.mark.parametrize("field", [field for field in FIELDS if field.choices], ids=lambda field: field.path)
def test_a_choice_is_understood_in_any_case(field):
    for choice in filter(None, field.choices):
        settings = load(SSO | {field.variable.name: choice.swapcase()}).settings
        assert getattr(getattr(settings, field.section), field.key) == choice


def test_scopes_may_be_written_with_commas():
    assert load({"OIDC_SCOPES": "openid, email,groups"}).settings.oidc.scopes == "openid email groups"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(
            "172.16.0.0/12, 10.0.0.1 ::1",
            ("172.16.0.0/12", "10.0.0.1/32", "::1/128"),
            id="addresses and networks",
        ),
        pytest.param("172.18.0.5/16", ("172.18.0.0/16",), id="an address within its network"),
        pytest.param("::ffff:10.0.0.1 [fe80::1%eth0]", ("10.0.0.1/32", "fe80::1/128"), id="mapped, in brackets, zones"),
    ],
)
def test_trusted_proxies_are_networks(written: str, expected: tuple[str, ...]):
    assert load({"ROMM_TRUSTED_PROXIES": written}).settings.server.trusted_proxies == expected


@pytest.mark.parametrize("written", ["traefik", "*", "10.0.0.0/40", "10.0.0.1-10.0.0.9"])
def test_a_trusted_proxy_that_is_no_network_is_an_error(written: str):
    (problem,) = problems({"ROMM_TRUSTED_PROXIES": f"10.0.0.1,{written}"})
    assert "ROMM_TRUSTED_PROXIES" in problem
    assert written in problem


HTTPS = {"ROMM_BASE_URL": "https://romm.example.com", "ROMM_TRUSTED_PROXIES": "10.0.0.1"}


def test_forward_hosts_are_origins():
    written = "Files.example.com, stats.example.com:8443 spiele-müller.example:443"
    loaded = load(HTTPS | {"ROMM_FORWARD_HOSTS": written})
    origins = ("https://files.example.com", "https://stats.example.com:8443", "https://xn--spiele-mller-klb.example")
    assert (loaded.settings.server.forward_hosts, loaded.warnings) == (origins, ())


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param("https://files.example.com", "which is no host", id="an address"),
        pytest.param("files.example.com/", "which is no host", id="a path"),
        pytest.param("*.example.com", "which is no host", id="a pattern"),
        pytest.param("me@files.example.com", "which is no host", id="a name before it"),
        pytest.param("romm.example.com", "RomM's own host", id="RomM's own"),
        pytest.param("ROMM.example.com:8443", "RomM's own host", id="another port, which gets the same cookies"),
    ],
)
def test_a_forward_host_that_is_none_is_an_error(written: str, reason: str):
    (problem,) = problems(HTTPS | {"ROMM_FORWARD_HOSTS": written})
    assert "ROMM_FORWARD_HOSTS" in problem
    assert written in problem
    assert reason in problem


def test_two_forward_hosts_are_not_the_same_host_at_two_ports():
    """One of the two apps could set the other one's cookies."""
    written = "files.example.com:8443 stats.example.com FILES.example.com:9443"
    (problem,) = problems(HTTPS | {"ROMM_FORWARD_HOSTS": written})
    assert "files.example.com with several ports" in problem
    twice = load(HTTPS | {"ROMM_FORWARD_HOSTS": "files.example.com files.example.com:443"})
    assert twice.settings.server.forward_hosts == ("https://files.example.com",)


def test_forward_hosts_need_https_and_a_proxy_that_is_named():
    (problem,) = problems({"ROMM_BASE_URL": "http://127.0.0.1", "ROMM_FORWARD_HOSTS": "files.example.com"})
    assert "https" in problem
    warnings = load({"ROMM_BASE_URL": "https://romm.example.com", "ROMM_FORWARD_HOSTS": "files.example.com"}).warnings
    assert any("ROMM_TRUSTED_PROXIES" in each for each in warnings)


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
@pytest.mark.parametrize("form", ["console", "json", ""])
def test_a_log_is_as_loud_and_looks_as_the_operator_says(level: str, form: str) -> None:
    log = load({"LOGLEVEL": level, "LOG_FORMAT": form}).settings.log
    assert (log.level, log.format) == (level, form)


def test_log_level_and_format_come_in_any_case_and_from_a_list():
    log = load({"LOGLEVEL": "debug", "LOG_FORMAT": "JSON"}).settings.log
    assert (log.level, log.format) == ("DEBUG", "json")
    level, form = problems({"LOGLEVEL": "loud", "LOG_FORMAT": "xml"})
    assert "LOGLEVEL" in level
    assert "LOG_FORMAT" in form


def test_a_kubernetes_service_link_is_no_port():
    loaded = load({"ROMM_PORT": "tcp://10.0.0.7:8080", "ROMM_SERVICE_PORT": "8080", "ROMM_SERVER__HOST": "::"})
    assert loaded.settings.server.port == 8080
    assert loaded.warnings == ()
    (note,) = loaded.notes
    assert "ROMM_PORT" in note
    assert "ROMM_SERVER__PORT" in note
    both = {"ROMM_PORT": "tcp://10.0.0.7:8080", "ROMM_SERVER__PORT": "9000"}
    assert load(both).settings.server.port == 9000


# Mistakes


def test_all_mistakes_come_together_each_with_its_variable():
    found = problems(
        {
            "ROMM_SETTINGS_FILE": "/no/such.toml",
            "ROMM_PORT": "abc",
            "ROMM_BASE_URL": "romm.example.com",
            "ROMM_DB_DRIVER": "mariadb",
            "ROMM_TRUSTED_PROXIES": "x",
            "LOGLEVEL": "loud",
            "OIDC_ENABLED": "maybe",
        }
    )
    names = (
        "ROMM_SETTINGS_FILE",
        "ROMM_PORT",
        "ROMM_BASE_URL",
        "ROMM_DB_DRIVER",
        "ROMM_TRUSTED_PROXIES",
        "LOGLEVEL",
        "OIDC_ENABLED",
    )
    assert [sum(name in problem for problem in found) for name in names] == [1] * len(names)
    assert len(found) == len(names)
    assert str(SettingsError(found)).count("\n") == len(names) - 1


def test_what_keeps_single_sign_on_off_is_told_with_the_mistakes_and_nothing_twice() -> None:
    """Else it comes out at the next start."""
    environ = {"ROMM_PORT": "x", "OIDC_ENABLED": "true", "OIDC_CLIENT_ID_FILE": "/no/such", "OIDC_TRUST_EMAIL": "yes"}
    variables = [problem.split()[0] for problem in problems(environ)]
    assert variables == ["OIDC_CLIENT_ID_FILE", "ROMM_PORT", "OIDC_SERVER_APPLICATION_URL", "OIDC_TRUST_EMAIL"]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        pytest.param("[oidc]\nclientid = 'x'", ("oidc.clientid", "client_id in [oidc]"), id="a slip in a key"),
        pytest.param("[OIDC]\nclient_id = 'x'", ("OIDC.client_id", "client_id in [oidc]"), id="a section in capitals"),
        pytest.param("OIDC_CLIENT_ID = 'x'", ("OIDC_CLIENT_ID", "client_id in [oidc]"), id="the variable's name"),
        pytest.param("[oidc.roles]\nadmin = 'x'", ("oidc.roles",), id="a table too deep"),
        pytest.param("[sections]\nquux = 1", ("sections.quux", "remove it"), id="nothing like ours"),
        pytest.param("dynaconf_merge = true", ("dynaconf_merge",), id="the library's own words are none of ours"),
        pytest.param(
            "[oidc]\nclient_id = 12345",
            ("client_id in [oidc]", "in quotes"),
            id="a number where text belongs",
        ),
        pytest.param(
            "[server]\nport = true",
            ("port in [server]", "whole number"),
            id="a switch where a number belongs",
        ),
        pytest.param(
            "[oidc]\nrole_admin = ['a', 1]", ("role_admin in [oidc]", "list of strings"), id="a number in a list"
        ),
        pytest.param(
            "[oidc]\nclient_id = ['a']", ("client_id in [oidc]", "one string"), id="a list where text belongs"
        ),
        pytest.param("[oidc]\nenabled = 'maybe'", ("enabled in [oidc]", "maybe"), id="a switch that is none"),
        pytest.param("[oidc\n", ("ROMM_SETTINGS_FILE", "TOML"), id="no TOML"),
        pytest.param("[server]\nbase_url = 'x'", ("base_url in [server]",), id="a wrong value is named by its place"),
    ],
)
def test_a_mistake_in_the_file_names_file_and_key(content: str, parts: tuple[str, ...], tmp_path: Path):
    environ = with_file(tmp_path, content)
    (problem,) = problems(environ)
    assert all(part in problem for part in (*parts, environ["ROMM_SETTINGS_FILE"]))


def test_a_number_and_a_switch_may_be_text_in_the_file(tmp_path: Path):
    loaded = load(with_file(tmp_path, "[server]\nport = '9000'\n[oidc]\nenabled = 'on'"))
    assert (loaded.settings.server.port, loaded.settings.oidc.enabled) == (9000, True)


def test_the_files_name_needs_no_ending_and_its_neighbours_are_not_read(tmp_path: Path):
    (tmp_path / "romm.local.toml").write_text("[server]\nport = 1111")
    (tmp_path / "dynaconf_hooks.py").write_text("raise SystemExit('was run')")
    assert load(with_file(tmp_path, "[log]\nlevel = 'ERROR'")).settings.server.port == 8080
    (tmp_path / "romm[1]").write_text("[server]\nport = 2222")
    assert load({"ROMM_SETTINGS_FILE": str(tmp_path / "romm[1]")}).settings.server.port == 2222


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("OIDC_CLIENTID", "OIDC_CLIENT_ID"),
        ("OIDC_ROLES_ADMIN", "OIDC_ROLE_ADMIN"),
        ("OIDC_REDIRECT_URL", "OIDC_REDIRECT_URI"),
        ("ROMM_BASEURL", "ROMM_BASE_URL"),
        ("ROMM_OIDC__CLIENTID", "ROMM_OIDC__CLIENT_ID"),
        ("OIDC_CLIENT_SECRETFILE", "OIDC_CLIENT_SECRET_FILE"),
        ("ROMM_SETTINGSFILE", "ROMM_SETTINGS_FILE"),
    ],
)
def test_a_slip_in_a_variables_name_is_noticed(name: str, meant: str):
    (warning,) = load({name: "x"}).warnings
    assert f"{name} is not a setting" in warning
    assert f"did you mean {meant}?" in warning


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"ROMM_SERVICE_HOST": "10.0.0.7", "ROMM_PORT_8080_TCP": "tcp://10.0.0.7:8080"}, id="Kubernetes"),
        pytest.param({"OIDC_CLIENTID": ""}, id="an empty one is an unset one"),
        pytest.param({"MY_OIDC_CLIENT_ID": "x", "LOG_LEVEL": "x", "PATH": "/bin"}, id="other programs' variables"),
        pytest.param({"OIDC_SOMETHING_ELSE": "x"}, id="nothing like ours"),
    ],
)
def test_foreign_variables_are_left_alone(environ: dict[str, str]):
    assert load(environ).warnings == ()


# Where RomM is


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        row("nothing set", ("http://127.0.0.1:8080", "derived from ROMM_PORT")),
        row("another port", ("http://127.0.0.1:9000", "derived from ROMM_PORT"), ROMM_PORT="9000"),
        row(
            "the callback tells it",
            ("https://r.example", "derived from OIDC_REDIRECT_URI"),
            OIDC_REDIRECT_URI="https://R.example:443/x",
        ),
        row(
            "a callback that is no URL",
            ("http://127.0.0.1:8080", "derived from ROMM_PORT"),
            OIDC_REDIRECT_URI="r.example/x",
        ),
        row("as it is", ("https://a.example", "ROMM_BASE_URL"), ROMM_BASE_URL="https://a.example"),
        row(
            "as browsers write it",
            ("https://a.example", "ROMM_BASE_URL"),
            ROMM_BASE_URL="HTTPS://A.example:443/",
        ),
        row("with a port", ("https://a.example:8443", "ROMM_BASE_URL"), ROMM_BASE_URL="https://a.example:8443"),
        row("IPv6", ("http://[::1]", "ROMM_BASE_URL"), ROMM_BASE_URL="http://[::1]:80"),
        row(
            "letters outside ASCII",
            ("https://xn--spiele-mller-klb.example", "ROMM_BASE_URL"),
            ROMM_BASE_URL="https://Spiele-Müller.example/",
        ),
    ],
)
def test_the_public_address_is_an_origin(environ: dict[str, str], expected: tuple[str, str]):
    loaded = load(environ)
    assert (loaded.settings.server.base_url, loaded.origins["server.base_url"]) == expected
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    "written",
    ["romm.example.com", "ftp://a.example", "https://", "https://a.example:port", "https://<your-romm-url>",
     "https://user:secret@a.example", "https://a b.example", "https://a.example/x y", "https://[::1"],
)  # fmt: skip
def test_a_public_address_that_is_none_is_an_error(written: str):
    (problem,) = problems({"ROMM_BASE_URL": written})
    assert "ROMM_BASE_URL" in problem
    assert "https://romm.example.com" in problem


def test_a_host_without_a_single_form_in_ascii_is_to_be_written_as_its_a_label():
    (problem,) = problems({"ROMM_BASE_URL": "https://straße.example"})
    assert "xn--" in problem


@pytest.mark.parametrize("name", ["OIDC_REDIRECT_URI", "OIDC_POST_LOGOUT_REDIRECT_URI", "OIDC_END_SESSION_ENDPOINT"])
def test_addresses_go_out_in_ascii(name: str):
    """A URI is ASCII (RFC 3986); the provider knows the host as its A-label."""
    settings = load({**SSO, name: "https://spiele-müller.example/api/oauth/openid"}).settings
    sent = getattr(settings.oidc, name.removeprefix("OIDC_").lower())
    assert sent == "https://xn--spiele-mller-klb.example/api/oauth/openid"


def test_the_redirect_uri_follows_the_public_address_unless_it_is_set():
    loaded = load(SSO)
    assert loaded.settings.oidc.redirect_uri == "https://romm.example.com/api/oauth/openid"
    assert loaded.origins["oidc.redirect_uri"] == "derived from ROMM_BASE_URL"
    verbatim = "https://ROMM.example.com:443/api/oauth/openid/"
    assert load({**SSO, "OIDC_REDIRECT_URI": verbatim}).settings.oidc.redirect_uri == verbatim
    assert load({**SSO, "OIDC_REDIRECT_URI": verbatim}).warnings == ()


# Warnings


@pytest.mark.parametrize(
    ("change", "part"),
    [
        row("a path", "https://romm.example.com is used", ROMM_BASE_URL="https://romm.example.com/romm"),
        row("a path, and what to do", "a host of its own", ROMM_BASE_URL="https://romm.example.com/romm/"),
        row(
            "a redirect URI below a path",
            "a host of its own",
            OIDC_REDIRECT_URI="https://romm.example.com/romm/api/oauth/openid",
        ),
        row("http beyond this machine", "unencrypted", ROMM_BASE_URL="http://romm.lan"),
        row("any address is believed", "Prefer verified", OIDC_TRUST_EMAIL="always"),
        row(
            "the callback is elsewhere",
            "ROMM_BASE_URL",
            OIDC_REDIRECT_URI="https://other.example/api/oauth/openid",
        ),
        row("the provider by http", "Use https", OIDC_SERVER_APPLICATION_URL="http://idp.lan"),
        row("discovery by http", "Use https", OIDC_SERVER_METADATA_URL="http://idp.lan/x"),
        row("roles without their claim", "OIDC_CLAIM_ROLES", OIDC_ROLE_ADMIN="admins"),
        row("a claim without roles", "OIDC_ROLE_VIEWER=*", OIDC_CLAIM_ROLES="groups"),
        row("a shared signing key", "RS256", OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="RS256 HS256"),
        row("a shared signing key, larger", "RS256", OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="RS256 HS384"),
        row("a shared signing key, the largest", "RS256", OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="RS256 HS512"),
        row("open to everyone", "OIDC_HOSTED_DOMAINS", OIDC_PROVIDER="google"),
        row("scopes without openid", "openid", OIDC_SCOPES="profile email"),
        row("the hash of Authelia's configuration", "hash", OIDC_CLIENT_SECRET="$pbkdf2-sha512$310000$c8p7"),
        row("a secret that is not used", "OIDC_CLIENT_SECRET", OIDC_TOKEN_ENDPOINT_AUTH_METHOD="none"),
        row(
            "the way back after signing out is elsewhere",
            "https://romm.example.com/login",
            OIDC_POST_LOGOUT_REDIRECT_URI="https://other.example/",
        ),
        row("no door is open", "no sign-in method is left", DISABLE_USERPASS_LOGIN="true", OIDC_ENABLED="false"),
    ],
)
def test_what_is_weak_or_pointless_is_said_at_start(change: dict[str, str], part: str):
    assert load(SSO).warnings == ()
    (warning,) = load(SSO | change).warnings
    assert next(iter(change)) in warning
    assert part in warning


def test_a_provider_without_the_master_switch_is_remarked_unless_that_is_meant():
    (warning,) = load(SSO | {"OIDC_ENABLED": ""}).warnings
    assert "OIDC_ENABLED is not set" in warning
    assert load(SSO | {"OIDC_ENABLED": "false"}).warnings == ()
    assert load(SSO | {"OIDC_ENABLED": "", "OIDC_CLIENT_ID": ""}).warnings == ()


def test_a_way_back_that_leads_nowhere_but_to_this_machine_is_remarked():
    nowhere = dict.fromkeys(("ROMM_BASE_URL", "OIDC_REDIRECT_URI"), "")
    (warning,) = load(SSO | nowhere).warnings
    assert "Set ROMM_BASE_URL" in warning


@pytest.mark.parametrize(
    ("written", "remarked"),
    [
        pytest.param("romm # the client", True, id="a comment"),
        pytest.param("romm\t#the client", True, id="behind a tab"),
        pytest.param("# to be filled in", True, id="nothing but a comment"),
        pytest.param("'romm # the client'", True, id="in quotes"),
        pytest.param("romm#1", False, id="a sign of the value"),
    ],
)
def test_a_comment_behind_a_value_is_remarked(written: str, remarked: bool):
    warnings = load(SSO | {"OIDC_CLIENT_ID": written}).warnings
    assert any(warning.startswith("OIDC_CLIENT_ID has a #") for warning in warnings) is remarked


@pytest.mark.parametrize(("written", "remarked"), [("${SECRET}", True), ("${SECRET:-x}", True), ("a$b{c}", False)])
def test_a_reference_that_docker_did_not_fill_in_is_remarked_and_not_shown(written: str, remarked: bool):
    warnings = load(SSO | {"OIDC_CLIENT_ID": written}).warnings
    assert any(warning.startswith("OIDC_CLIENT_ID has a reference") for warning in warnings) is remarked
    assert written not in " ".join(warnings)


@pytest.mark.parametrize(
    "name",
    ["\ufeffOIDC_CLIENT_ID", "OIDC_CLIENT_ID ", "OIDC_CLIENT_ID\r", "export OIDC_CLIENT_ID", "\u200bOIDC_CLIENT_ID"],
)
def test_a_name_with_characters_that_nobody_sees_is_a_mistake(name: str):
    """It would be a variable of its own, and the setting would not be set."""
    with pytest.raises(SettingsError) as caught:
        load({name: "romm"})
    (problem,) = caught.value.problems
    assert problem.isprintable()
    assert "is OIDC_CLIENT_ID with characters" in problem


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path):
    secret, content = tmp_path / "secret", tmp_path / "romm.toml"
    secret.write_bytes("\ufeffs3cret\r\n".encode())
    content.write_bytes('\ufeff[oidc]\r\nclient_id = "romm"\r\n'.encode())
    loaded = load({"OIDC_CLIENT_SECRET_FILE": str(secret), "ROMM_SETTINGS_FILE": str(content)})
    assert (loaded.settings.oidc.client_secret, loaded.settings.oidc.client_id) == ("s3cret", "romm")
    assert loaded.warnings == ()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3:9000", "[::1]:9000"])
def test_http_within_this_machine_is_no_reason_to_warn(host: str):
    environ = SSO | {"ROMM_BASE_URL": f"http://{host}", "OIDC_SERVER_APPLICATION_URL": f"http://{host}"}
    assert load(environ).warnings == ()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"OIDC_PROVIDER": "google", "OIDC_ALLOW_REGISTRATION": "false"}, id="closed"),
        pytest.param({"OIDC_PROVIDER": "google", "OIDC_HOSTED_DOMAINS": "example.com"}, id="for one domain"),
        pytest.param({"OIDC_PROVIDER": "keycloak"}, id="a provider that is somebody's own"),
    ],
)
def test_a_door_that_not_everybody_can_use_is_fine(change: dict[str, str]):
    assert load(SSO | change).warnings == ()


def test_a_configured_role_claim_with_roles_is_fine():
    assert load(SSO | {"OIDC_CLAIM_ROLES": "groups", "OIDC_ROLE_VIEWER": "*"}).warnings == ()


# Half-configured OIDC


@pytest.mark.parametrize(
    ("change", "part"),
    [
        row("not switched on", "OIDC_ENABLED is false", OIDC_ENABLED=""),
        row("no client id", OIDC_CLIENT_ID=""),
        row("no provider", OIDC_SERVER_APPLICATION_URL=""),
        row("a provider without scheme", "https://", OIDC_SERVER_APPLICATION_URL="auth.example.com"),
        row("a discovery URL that is none", OIDC_SERVER_METADATA_URL="/.well-known/openid-configuration"),
        row("an end-session URL that is none", OIDC_END_SESSION_ENDPOINT="logout"),
        row("a return URL that is none", OIDC_POST_LOGOUT_REDIRECT_URI="/login"),
        row("a callback that is no URL", OIDC_REDIRECT_URI="/api/oauth/openid"),
        row(
            "a callback that is no route of ours",
            "/api/oauth/openid",
            OIDC_REDIRECT_URI="https://romm.example.com/oauth",
        ),
        row("our route in a query", OIDC_REDIRECT_URI="https://romm.example.com/?/api/oauth/openid"),
        row("a fragment", "has a #", OIDC_REDIRECT_URI="https://romm.example.com/api/oauth/openid#x"),
        row("no such key file", "/no/such.pem", OIDC_CLIENT_KEY_FILE="/no/such.pem"),
        row("a file without key", "private key", OIDC_CLIENT_KEY_FILE=str(ROOT / "LICENSE")),
        row("no key", "OIDC_CLIENT_KEY_FILE is missing", OIDC_TOKEN_ENDPOINT_AUTH_METHOD="private_key_jwt"),
        row("no such certificate file", "/no/such.pem", OIDC_TLS_CACERTFILE="/no/such.pem"),
        row("a file without certificate", "PEM", OIDC_TLS_CACERTFILE=str(ROOT / "LICENSE")),
        row("no such method", "client_secret_basic", OIDC_TOKEN_ENDPOINT_AUTH_METHOD="basic"),
        row(
            "no secret for it",
            "SECRET",
            OIDC_TOKEN_ENDPOINT_AUTH_METHOD="client_secret_post",
            OIDC_CLIENT_SECRET="",
        ),
        row("unsigned, whoever asks for it", "has none", OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="RS256 none"),
        row("in capitals too", "has NONE", OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="NONE"),
        row("no such algorithm", "has RS265", OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS="RS256,RS265"),
        row("no algorithm at all", "has no algorithm", OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS=","),
        row("no such trust", "verified, absent, always", OIDC_TRUST_EMAIL="yes"),
        row("no such shape", "csv, space, keys", OIDC_CLAIM_ROLES_SHAPE="json"),
    ],
)
def test_half_configured_oidc_is_off_and_says_why(change: dict[str, str], part: str):
    assert load(SSO).settings.oidc_off == ""
    off = load(SSO | change).settings.oidc_off
    assert all(name in off for name in change)
    assert part in off


def test_all_reasons_are_told_together():
    off = load({"OIDC_ENABLED": "true", "OIDC_TRUST_EMAIL": "x"}).settings.oidc_off
    assert all(name in off for name in ("OIDC_CLIENT_ID", "OIDC_SERVER_APPLICATION_URL", "OIDC_TRUST_EMAIL"))


def test_a_reason_names_what_the_operator_wrote(tmp_path: Path):
    environ = with_file(tmp_path, "[oidc]\nenabled = true\ntrust_email = 'x'", ROMM_OIDC__CLAIM_ROLES_SHAPE="y")
    off = load(environ).settings.oidc_off
    assert f"trust_email in [oidc] of {environ['ROMM_SETTINGS_FILE']}" in off
    assert "ROMM_OIDC__CLAIM_ROLES_SHAPE is 'y'" in off


def test_an_unknown_trust_falls_back_to_the_strictest():
    assert load(SSO | {"OIDC_TRUST_EMAIL": "yes"}).settings.oidc.trust_email is TrustEmail.VERIFIED


def test_oidc_that_is_off_brings_no_warnings_of_its_own():
    assert load({"OIDC_TRUST_EMAIL": "always", "OIDC_ROLE_ADMIN": "x"}).warnings == ()


@pytest.mark.parametrize(
    ("change", "_"),
    [
        row(
            "discovery alone",
            OIDC_SERVER_APPLICATION_URL="",
            OIDC_SERVER_METADATA_URL="https://idp.example/x",
        ),
        row("a trailing slash", OIDC_SERVER_APPLICATION_URL="https://auth.example.com/"),
        row("the callback with a slash", OIDC_REDIRECT_URI="https://romm.example.com/api/oauth/openid/"),
        row("below a path of the proxy", OIDC_REDIRECT_URI="https://romm.example.com/romm/api/oauth/openid"),
    ],
)
def test_what_works_is_not_refused(change: dict[str, str], _: str):
    assert load(SSO | change).settings.oidc_off == ""


def test_a_client_without_a_secret_is_a_public_one():
    loaded = load(SSO | {"OIDC_CLIENT_SECRET": ""})
    assert loaded.settings.oidc_off == ""
    assert loaded.settings.oidc.token_endpoint_auth_method == "none"
    assert loaded.origins["oidc.token_endpoint_auth_method"] == "derived from OIDC_CLIENT_SECRET"
    assert load(SSO).settings.oidc.token_endpoint_auth_method == ""


def test_a_certificate_file_is_accepted(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert load(SSO | {"OIDC_TLS_CACERTFILE": str(tmp_path / "ca.pem")}).settings.oidc_off == ""


# The database

SERVER = {"ROMM_DB_DRIVER": "postgresql", "DB_HOST": "db", "DB_NAME": "romm"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        row("the embedded file", "sqlite+aiosqlite:////romm/romm.db", ROMM_BASE_PATH="/romm"),
        row("a relative file", "sqlite+aiosqlite:///a.db", ROMM_DATABASE_URL="sqlite:///a.db"),
        row("with its driver", "sqlite+aiosqlite:////a.db", ROMM_DATABASE_URL="sqlite+aiosqlite:////a.db"),
        row("the old scheme", "postgresql+asyncpg://u:p@h/n", ROMM_DATABASE_URL="postgres://u:p@h/n"),
        row("no account", "postgresql+asyncpg://h:1/n", ROMM_DATABASE_URL="postgresql://h:1/n"),
        row("asyncpg itself", "postgresql+asyncpg://h/n", ROMM_DATABASE_URL="postgresql+asyncpg://h/n"),
        row(
            "libpq's word",
            "postgresql+asyncpg://h/n?ssl=require",
            ROMM_DATABASE_URL="postgres://h/n?sslmode=require",
        ),
        row(
            "the URL wins over parts",
            "sqlite+aiosqlite:///a.db",
            ROMM_DATABASE_URL="sqlite:///a.db",
            **SERVER,
        ),
        row("parts", "postgresql+asyncpg://db:5432/romm", **SERVER),
        row(
            "an account",
            "postgresql+asyncpg://u:p%40s%2Fs@db:1/romm",
            **SERVER,
            DB_USER="u",
            DB_PASSWD="p@s/s",
            DB_PORT="1",
        ),
        row("IPv6", "postgresql+asyncpg://[::1]:5432/romm", **SERVER | {"DB_HOST": "::1"}),
        row("a file is wanted", "sqlite+aiosqlite:///data/romm.db", **SERVER | {"ROMM_DB_DRIVER": "sqlite"}),
        row("in any case", "sqlite+aiosqlite:///data/romm.db", ROMM_DB_DRIVER="SQLite"),
    ],
)
def test_the_database_url_is_complete(environ: dict[str, str], expected: str):
    loaded = load(environ)
    assert loaded.settings.database.url == expected
    assert loaded.settings.database.is_embedded is expected.startswith("sqlite")
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        row(
            "MariaDB",
            "ROMM_DB_DRIVER is 'mariadb', but this version supports SQLite and PostgreSQL",
            ROMM_DB_DRIVER="mariadb",
        ),
        row("MySQL", "ROMM_DB_DRIVER is 'mysql'", ROMM_DB_DRIVER="mysql", DB_HOST="db"),
        row("MySQL as a URL", "ROMM_DATABASE_URL must begin with", ROMM_DATABASE_URL="mysql://u:s3cret@h/n"),
        row("a bare path", "ROMM_DATABASE_URL must begin with sqlite:///", ROMM_DATABASE_URL="romm.db"),
        row("a database in memory", "ROMM_DATABASE_URL names no file", ROMM_DATABASE_URL="sqlite://"),
        row("its long form", "ROMM_DATABASE_URL names no file", ROMM_DATABASE_URL="sqlite:///:memory:"),
        row("no database named", "host/name", ROMM_DATABASE_URL="postgres://u:s3cret@h"),
        row("@ in a password", "%XX", ROMM_DATABASE_URL="postgres://u:s3cret@1@h/n"),
        row("/ in a password", "%XX", ROMM_DATABASE_URL="postgres://u:s3cret/1@h/n"),
        row("# in a password", "%XX", ROMM_DATABASE_URL="postgres://u:s3cret#1@h/n"),
        row("no host", "DB_HOST is missing", ROMM_DB_DRIVER="postgresql", DB_NAME="n"),
        row("no name", "DB_NAME is missing", ROMM_DB_DRIVER="postgresql", DB_HOST="h"),
    ],
)
def test_a_database_that_cannot_be_used_is_an_error(environ: dict[str, str], part: str):
    (problem,) = problems(environ)
    assert part in problem
    assert "s3cret" not in problem


@given(password=PRINTABLE)
@hypothesis_settings(max_examples=25, deadline=None)
def test_any_password_reaches_the_database_as_it_was_written(password: str):
    url = load(SERVER | {"DB_USER": "romm", "DB_PASSWD": password}).settings.database.url
    assert make_url(url).password == password


# What `romm settings` shows


def rows(loaded: Loaded) -> dict[str, tuple[str, str]]:
    return {variable: (value, source) for variable, value, source in describe(loaded)}


def test_the_list_of_settings_shows_values_and_origins_in_order():
    shown = rows(load(SSO | {"OIDC_ROLE_ADMIN": "a, b"}))
    assert list(shown) == [field.variable.name for field in FIELDS]
    assert shown["OIDC_ENABLED"] == ("true", "OIDC_ENABLED")
    assert shown["OIDC_ROLE_ADMIN"] == ("a, b", "OIDC_ROLE_ADMIN")
    assert shown["OIDC_TRUST_EMAIL"] == ("verified", "default")
    assert shown["ROMM_PORT"] == ("8080", "default")
    assert shown["OIDC_CLIENT_SECRET"] == ("(hidden)", "OIDC_CLIENT_SECRET")
    assert shown["DB_PASSWD"] == ("", "default")


def test_the_list_of_settings_shows_no_password_of_a_collector():
    shown = rows(load({"ROMM_TRACES_ENDPOINT": "https://romm:a-secret@collector:4318/v1/traces"}))
    assert shown["ROMM_TRACES_ENDPOINT"][0] == "https://romm:***@collector:4318/v1/traces"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        row("parts", "postgresql+asyncpg://u:***@db:5432/romm", **SERVER, DB_USER="u", DB_PASSWD="s3cret@/"),
        row("a URL", "postgresql+asyncpg://u:***@h/n", ROMM_DATABASE_URL="postgres://u:s3cret@h/n"),
        row("badly written", "postgresql+asyncpg://u:***@h/n", ROMM_DATABASE_URL="postgres://u:12/s3cret@h/n"),
        row(
            "in a query",
            "postgresql+asyncpg://h/n?user=u&password=***",
            ROMM_DATABASE_URL="postgres://h/n?user=u&password=s3cret",
        ),
    ],
)
def test_the_list_of_settings_hides_secrets(environ: dict[str, str], url: str):
    shown = rows(load(environ | {"OIDC_CLIENT_SECRET": "s3cret"}))
    assert shown["ROMM_DATABASE_URL"][0] == url
    assert "s3cret" not in str(shown)


# Apps: an array of tables, in the file only

APPS = """
[[clients]]
name = "Shelf for Android"
redirect_uris = ["org.example.shelf:/callback", "http://127.0.0.1/callback"]
[[clients]]
name = "Handheld"
redirect_uris = ["https://handheld.example/callback"]
"""


def test_the_file_names_the_apps(tmp_path: Path):
    loaded = load(with_file(tmp_path, APPS + "[log]\nlevel = 'ERROR'"))
    assert loaded.settings.clients == (
        App(name="Shelf for Android", redirect_uris=("org.example.shelf:/callback", "http://127.0.0.1/callback")),
        App(name="Handheld", redirect_uris=("https://handheld.example/callback",)),
    )
    assert loaded.settings.log.level == "ERROR"
    name, value, origin = describe(loaded)[-1]
    assert (name, value) == ("[[clients]] Handheld", "https://handheld.example/callback")
    assert str(tmp_path) in origin


def test_without_a_file_there_is_no_app():
    assert load(SSO).settings.clients == ()
    assert load(SSO | {"CLIENTS": "x", "ROMM_CLIENTS__NAME": "x"}).settings.clients == ()


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        pytest.param("clients = 'x'", ("[[clients]]", "list of tables"), id="no table"),
        pytest.param("[clients]\nname = 'x'", ("[[clients]]", "list of tables"), id="one bracket too few"),
        pytest.param("[[clients]]\nredirect_uris = ['a.b:/c']", ("name", "client 1"), id="no name"),
        pytest.param("[[clients]]\nname = ''\nredirect_uris = ['a.b:/c']", ("name", "client 1"), id="an empty name"),
        pytest.param("[[clients]]\nname = ' x'\nredirect_uris = ['a.b:/c']", ("name", "spaces"), id="a space before it"),
        pytest.param("[[clients]]\nname = 7\nredirect_uris = ['a.b:/c']", ("name", "client 1"), id="a number"),
        pytest.param("[[clients]]\nname = 'x'", ("redirect_uris", "list"), id="no address"),
        pytest.param("[[clients]]\nname = 'x'\nredirect_uris = 'a.b:/c'", ("redirect_uris", "list"), id="one text"),
        pytest.param("[[clients]]\nname = 'x'\nredirect_uris = []", ("redirect_uris", "list"), id="an empty list"),
        pytest.param(
            "[[clients]]\nname = 'x'\nredirect_uris = ['https://x.example/*']", ("wildcard", "https://x.example/*"),
            id="a wildcard",
        ),
        pytest.param(
            "[[clients]]\nname = 'x'\nredirect_uris = ['a.b:/c']\nsecret = 's'", ("secret", "client 1"), id="another key"
        ),
        pytest.param(
            "[[clients]]\nname = 'x'\nredirect_uris = ['a.b:/c']\n" * 2, ("'x'", "twice"), id="one name twice"
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_an_app_names_file_and_key(content: str, parts: tuple[str, ...], tmp_path: Path):
    environ = with_file(tmp_path, content)
    (problem,) = problems(environ)
    assert all(part in problem for part in (*parts, environ["ROMM_SETTINGS_FILE"]))


# The defaults file and its documentation


def test_the_defaults_file_has_exactly_the_keys_of_the_settings():
    tables = tomllib.loads((ROOT / "settings.toml").read_text(encoding="utf-8"))
    assert [f"{section}.{key}" for section, table in tables.items() for key in table] == [
        field.path for field in FIELDS
    ]


def test_no_default_stands_in_the_code():
    hints: list[Any] = [Settings, *Settings.__annotations__.values()]
    defaults = {hint.__struct_defaults__ for hint in hints if hasattr(hint, "__struct_defaults__")}
    assert defaults == {()}


def test_every_key_of_the_defaults_file_is_explained_in_a_sentence():
    comments = runpy.run_path(str(ROOT / "docs" / "tables.py"))["comments"]
    explained = dict(comments((ROOT / "settings.toml").read_text(encoding="utf-8").splitlines()))
    assert explained.keys() == {field.path for field in FIELDS}
    assert [path for path, text in explained.items() if len(text) < 20 or text[0] in string.ascii_lowercase] == []


def test_a_table_in_the_docs_is_replaced_and_the_rest_is_kept():
    printed = runpy.run_path(str(ROOT / "docs" / "tables.py"))["printed"]
    page = "before\n<!-- table:scopes -->\nYESTERDAY\n<!-- /table -->\nafter <!-- table:errors -->\n<!-- /table -->"
    new = printed(page)
    assert new.startswith("before\n<!-- table:scopes -->\n| Access level | Adds |\n| --- | --- |\n| viewer | `me.read`")
    assert "YESTERDAY" not in new
    assert "<!-- /table -->\nafter" in new
    assert "| editor | `roms.write` `platforms.write` `firmware.write` |" in new
    assert '<a id="no_role"></a>`no_role` | 403 Forbidden |' in new
    assert printed(new) == new


# Being a good citizen


def run(code: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), **environ},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_importing_the_settings_does_not_import_dynaconf():
    """Guards what docs/performance.md promises: 105 MiB for a worker, which is handed the settings."""
    assert run("import sys, romm.settings; print('dynaconf' in sys.modules)") == "False"


def test_only_the_environment_that_is_handed_over_counts():
    code = "from romm.settings.load import load; print(load({}).settings.oidc.client_id or 'unset')"
    assert run(code, OIDC_CLIENT_ID="leaked", DYNACONF_OIDC__CLIENT_ID="leaked") == "unset"


@pytest.mark.parametrize("option", ["AUTO_CAST=true", "MERGE_ENABLED=true", "NESTED_SEPARATOR=_"])
def test_no_variable_of_dynaconf_changes_how_values_are_read(option: str, tmp_path: Path):
    environ = with_file(
        tmp_path, "[oidc]\nid_token_signed_response_algs = ['ES256']", OIDC_CLIENT_ID="@int 5", OIDC_PROVIDER="@del"
    )
    name, _, value = option.partition("=")
    code = f"from romm.settings.load import load; o = load({environ}).settings.oidc; "
    code += "print(o.client_id, o.provider, *o.id_token_signed_response_algs)"
    assert run(code, **{f"{name}_FOR_DYNACONF": value}) == "@int 5 @del ES256"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"ROMM_METRICS_PORT": "8080"}, "ROMM_METRICS_PORT is RomM's own port 8080"),
        ({"ROMM_TRACES_ENDPOINT": "collector:4318"}, "ROMM_TRACES_ENDPOINT is not an http(s) URL"),
    ],
)
def test_what_cannot_be_watched_is_a_mistake(environ: dict[str, str], said: str):
    (problem,) = problems(environ)
    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("environ", "warned"),
    [
        ({"ROMM_METRICS_HOST": "192.0.2.7"}, True),
        ({"ROMM_METRICS_HOST": "192.0.2.7", "ROMM_METRICS_TOKEN": "x"}, False),
        ({}, False),
    ],
)
def test_metrics_that_every_machine_can_read_are_a_warning(environ: dict[str, str], warned: bool):
    found = load({"ROMM_METRICS_PORT": "9464"} | environ).warnings
    assert any("ROMM_METRICS_TOKEN is not set" in each for each in found) is warned


def test_an_option_goes_before_the_environment_and_the_file(tmp_path: Path):
    loaded = load({"ROMM_PORT": "1"}, {"--port": {"server.port": "9000"}})
    assert (loaded.settings.server.port, loaded.origins["server.port"]) == (9000, "--port")
    assert loaded.settings.server.base_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize("written", ["5", "5.1", "v5.1.1", "5.1.1-beta", "development", "5.1.\u0661"])
def test_a_version_that_apps_could_not_compare_is_refused(written: str):
    (problem,) = problems({"ROMM_API_VERSION": written})
    assert "ROMM_API_VERSION" in problem
