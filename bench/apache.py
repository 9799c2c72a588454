"""Debian's Apache with mod_auth_openidc and sessions on the server's side, where both are installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import servers
from bench.load import Party
from bench.servers import Server
from bench.stage import Stage

PROGRAM, MODULES = Path("/usr/sbin/apache2"), Path("/usr/lib/apache2/modules")
MODULE = MODULES / "mod_auth_openidc.so"
ABSENT = f"{MODULE} is not installed (Debian's libapache2-mod-auth-openidc)"

_CONFIGURATION = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
User www-data
Group www-data
ServerLimit 1
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8
MaxKeepAliveRequests 0
DocumentRoot {folder}/www
OIDCProviderMetadataURL {OIDC_SERVER_APPLICATION_URL}/.well-known/openid-configuration
OIDCClientID {OIDC_CLIENT_ID}
OIDCClientSecret {OIDC_CLIENT_SECRET}
OIDCRedirectURI {OIDC_REDIRECT_URI}
OIDCCryptoPassphrase bench
OIDCScope "openid profile email groups"
OIDCPKCEMethod S256
OIDCSessionType server-cache
OIDCCacheShmMax 10000
OIDCStateMaxNumberOfCookies 100 true
{authority}
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
"""


@contextmanager
def apache(stage: Stage, *, encrypted: bool = False) -> Iterator[tuple[Server, Party]]:
    folder, port = stage.folder(), servers.free_port()
    folder.chmod(0o755)
    (folder / "www").mkdir()
    (folder / "www" / "index.txt").touch()
    settings = stage.settings(f"http://127.0.0.1:{port}/callback", encrypted=encrypted)
    authority = f"OIDCCABundlePath {folder.parent}/ca.pem" if encrypted else ""
    file = folder / "apache.conf"
    file.write_text(
        _CONFIGURATION.format(folder=folder, port=port, modules=MODULES, authority=authority, **settings),
        encoding="utf-8",
    )
    command = [str(PROGRAM), "-D", "FOREGROUND", "-f", str(file)]
    with servers.running(command, {}, folder / "apache.log") as process:
        server = servers.answering(process, port, "/index.txt")
        provider = settings["OIDC_SERVER_APPLICATION_URL"]
        yield server, Party(server.origin, provider, settings["OIDC_TLS_CACERTFILE"], "/index.txt")


def is_installed() -> bool:
    return PROGRAM.is_file() and MODULE.is_file()
