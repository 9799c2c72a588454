"""Settings from the environment: by the guides' names, generic names, or from files (`…_FILE`)."""

import difflib
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from romm.settings.model import Field
from romm.settings.values import ConfigurationReport

SETTINGS_FILE = "ROMM_SETTINGS_FILE"
AUTH_SECRET_KEY = "ROMM_AUTH_SECRET_KEY"

# With a service `romm`, Kubernetes sets ROMM_PORT=tcp://10.0.0.7:8080 in every container of the namespace.
_KUBERNETES_LINK = re.compile(r"(tcp|udp)://")
_COMMENT = re.compile(r"(^|\s)#")  # docker's --env-file and older Compose keep all that follows the equals sign
_VARIABLE = re.compile(r"\$\{[A-Za-z_][^}]*\}")
_INVISIBLE = f"{string.whitespace}\u00a0\u200b\u2060\ufeff"
"""Around a value: spaces, the end of a Windows line, and what web pages and editors add."""
_QUOTES = ('""', "''", "“”", "„“", "‘’", "«»")
_PREFIXES = ("OIDC_", "ROMM_")
PROVIDER_PREFIX = "ROMM_PROVIDERS__"
_SIMILAR = 0.85  # OIDC_CLIENTID is close enough to OIDC_CLIENT_ID; ROMM_SERVICE_PORT is not to ROMM_PORT


def read(
    fields: Sequence[Field], environ: Mapping[str, str], report: ConfigurationReport
) -> Iterator[tuple[str, dict[str, str]]]:
    """Text by path. An empty value means "not set"."""
    _remark_on_other_names(_known(fields), environ, report)
    for field in fields:
        found = dict(_texts(field, environ, report))
        if len(set(found.values())) > 1:
            report.problems.append(f"{' and '.join(found)} are set to different values; remove one of them.")
        if found:
            name, value = next(iter(found.items()))
            yield name, {field.path: value}


def others(fields: Sequence[Field], environ: Mapping[str, str]) -> dict[str, str]:
    """Without settings and names similar to one."""
    known = _known(fields)
    return {name: value for name, value in environ.items() if name not in known and not name.startswith(_PREFIXES)}


def text(name: str, environ: Mapping[str, str], report: ConfigurationReport) -> str:
    value = environ.get(name, "").strip(_INVISIBLE)
    if len(value) > 1 and value[0] + value[-1] in _QUOTES:
        report.warnings.append(f"{name} is in quotes, which are removed; write it without them.")
        value = value[1:-1].strip(_INVISIBLE)
    if value.startswith("<") and value.endswith(">"):
        report.warnings.append(f"{name} still has the placeholder of a guide; put your own value there.")
    if _VARIABLE.search(value):
        report.warnings.append(
            f"{name} has a reference like ${{NAME}} in it, which docker's --env-file does not fill in. Write the value itself."
        )
    if _COMMENT.search(value):
        report.warnings.append(
            f"{name} has a # after a space: docker keeps the comments of an env file. Remove it unless it belongs to the value."
        )
    return value


def _texts(field: Field, environ: Mapping[str, str], report: ConfigurationReport) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(field.names):
        value, file = text(name, environ, report), text(f"{name}_FILE", environ, report)
        if value and file:
            report.problems.append(f"{name} and {name}_FILE are both set; remove one of them.")
        if field.type is int and _KUBERNETES_LINK.match(value):
            report.notes.append(f"{name} is a Kubernetes service link, ignored; use {field.names[1]}.")
        elif value:
            yield name, value
        elif file and (content := _content(f"{name}_FILE", file, report)):
            yield f"{name}_FILE", content


def _content(name: str, file: str, report: ConfigurationReport) -> str:
    """Exact, except the newline that editors and `echo` append."""
    try:
        content = Path(file).read_text(encoding="utf-8-sig").removesuffix("\n")  # Windows lines end in \n here too
    except OSError as error:
        report.problems.append(f"{name} names {file}, which cannot be read ({error.strerror}).")
        return ""
    except ValueError:
        report.problems.append(f"{name} names {file}, which is not text in UTF-8.")
        return ""
    if not content:
        report.warnings.append(f"{name} names {file}, which is empty; the setting counts as not set.")
    elif content != content.strip():
        report.warnings.append(
            f"{name} names {file}, which begins or ends with a space or an empty line; that counts, so take it out unless it "
            "belongs to the value."
        )
    return content


def _known(fields: Sequence[Field]) -> set[str]:
    names = [AUTH_SECRET_KEY, *(name for field in fields for name in field.names)]
    return {*names, *(f"{name}_FILE" for name in names), SETTINGS_FILE}


def _unknown_key(name: str, known: set[str]) -> str:
    """An error as in the file: the prefix is ours alone."""
    similar = difflib.get_close_matches(name, sorted(each for each in known if each.startswith(PROVIDER_PREFIX)), n=1)
    return f"{name} is not a setting; {f'did you mean {similar[0]}?' if similar else 'remove it.'}"


def _remark_on_other_names(known: set[str], environ: Mapping[str, str], report: ConfigurationReport) -> None:
    for name in sorted(environ.keys() - known):
        if (meant := name.removeprefix("export ").strip(_INVISIBLE)) in known:
            report.problems.append(
                f"{name!a} in the environment is {meant} with characters that do not belong to it (a space, a byte order "
                "mark, the end of a Windows line, or “export”). Save the file as UTF-8 without BOM, and write NAME=value."
            )
        elif name.startswith(PROVIDER_PREFIX) and environ[name].strip():
            report.problems.append(_unknown_key(name, known))
        elif name.startswith(_PREFIXES) and environ[name].strip():
            likely = [other for other in sorted(known) if ("__" in other) == ("__" in name)]
            similar = difflib.get_close_matches(name, likely, n=1, cutoff=_SIMILAR)
            report.warnings += [f"{name} is not a setting, ignored; did you mean {other}?" for other in similar]
    if AUTH_SECRET_KEY in environ or f"{AUTH_SECRET_KEY}_FILE" in environ:
        report.notes.append(f"{AUTH_SECRET_KEY} is ignored: credentials are random here, nothing is signed.")
