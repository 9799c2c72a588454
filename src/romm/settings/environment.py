"""The values that stand in the environment: under the guides' names, under generic ones, or in files they name."""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from romm.settings.values import ConfigurationReport, Field, RawValue

SETTINGS_FILE = "ROMM_SETTINGS_FILE"
AUTH_SECRET_KEY = "ROMM_AUTH_SECRET_KEY"

# Kubernetes gives every container of a namespace with a service `romm` a ROMM_PORT=tcp://10.0.0.7:8080.
_KUBERNETES_LINK = re.compile(r"(tcp|udp)://")
_COMMENT = re.compile(r"(^|\s)#")  # docker's --env-file and older Compose keep all that follows the equals sign
_SIMILAR = 0.85  # OIDC_CLIENTID is a slip of OIDC_CLIENT_ID, ROMM_SERVICE_PORT is none of ROMM_PORT


def read(fields: Sequence[Field], environ: Mapping[str, str], report: ConfigurationReport) -> dict[str, RawValue]:
    """What the environment sets, by path; an empty value is an unset one."""
    _remark_on_other_names(fields, environ, report)
    found = {field.path: _field(field, environ, report) for field in fields}
    return {path: given for path, given in found.items() if given is not None}


def text(name: str, environ: Mapping[str, str], report: ConfigurationReport) -> str:
    """A variable's text without the blanks and the stray quotes around it."""
    value = environ.get(name, "").strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        report.warnings.append(f"{name} stands in quotes, which are taken off; write it without them.")
        value = value[1:-1].strip()
    if value.startswith("<") and value.endswith(">"):
        report.warnings.append(f"{name} still has the placeholder of a guide; put your own value there.")
    if _COMMENT.search(value):
        report.warnings.append(
            f"{name} has a # behind a blank: docker keeps the comments of an env file. Remove it unless it belongs to the value."
        )
    return value


def _field(field: Field, environ: Mapping[str, str], report: ConfigurationReport) -> RawValue | None:
    read = [_variable(name, environ, report) for name in field.names]
    found = [given for given in read if given is not None and not _is_link(field, given, report)]
    if len({given.value for given in found}) > 1:
        names = " and ".join(given.name for given in found)
        report.problems.append(f"{names} are set to different values; remove one of them.")
    return found[0] if found else None


def _is_link(field: Field, given: RawValue, report: ConfigurationReport) -> bool:
    if field.type is not int or not _KUBERNETES_LINK.match(given.value):
        return False
    report.notes.append(f"{given.name} is a Kubernetes service link, ignored; use {field.names[1]}.")
    return True


def _variable(name: str, environ: Mapping[str, str], report: ConfigurationReport) -> RawValue | None:
    """One name's value: its own, or the content of the file that NAME_FILE names."""
    value, file = text(name, environ, report), text(f"{name}_FILE", environ, report)
    if value and file:
        report.problems.append(f"{name} and {name}_FILE are both set; remove one of them.")
    elif file:
        name = f"{name}_FILE"
        value = _content(name, file, report)
    return RawValue(value, name, name) if value else None


def _content(name: str, file: str, report: ConfigurationReport) -> str:
    """A file's text to the letter, less the newline that editors and `echo` put at the end."""
    try:
        content = Path(file).read_text(encoding="utf-8").removesuffix("\n")
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
            f"{name} names {file}, which begins or ends with a blank or an empty line; that counts, so take it out unless it "
            "belongs to the value."
        )
    return content


def _remark_on_other_names(fields: Sequence[Field], environ: Mapping[str, str], report: ConfigurationReport) -> None:
    names = [name for field in fields for name in field.names] + [AUTH_SECRET_KEY]
    known = {*names, *(f"{name}_FILE" for name in names), SETTINGS_FILE}
    for name in sorted(environ.keys() - known):
        if name.startswith(("OIDC_", "ROMM_")) and environ[name].strip():
            likely = [other for other in sorted(known) if ("__" in other) == ("__" in name)]
            similar = difflib.get_close_matches(name, likely, n=1, cutoff=_SIMILAR)
            report.warnings += [f"{name} is no setting, ignored; did you mean {other}?" for other in similar]
    if AUTH_SECRET_KEY in environ or f"{AUTH_SECRET_KEY}_FILE" in environ:
        report.notes.append(f"{AUTH_SECRET_KEY} is ignored: credentials are random here, nothing is signed.")
