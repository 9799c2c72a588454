"""What real servers send as groups: of a person in the administrators' group, and of a person in no group at all.

Seen with the named versions, or read in their source where `seen` is false. `settings` are what an operator sets for it.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

ABSENT: Any = object()
DN, OTHER_DN = "cn=romm-admins,ou=groups,dc=example,dc=org", "cn=staff,ou=groups,dc=example,dc=org"
ZITADEL = "urn:zitadel:iam:org:project:roles"


class Shape(Struct, frozen=True, kw_only=True):
    """`admin` and `nobody` are the claim of the two persons. `outcome` is what becomes of the second one."""

    server: str
    provider: str = ""
    claim: str = "groups"
    admin: Any
    nobody: Any
    outcome: str = "no_role"
    settings: Mapping[str, str] = {}
    seen: bool = True

    @property
    def environment(self) -> dict[str, str]:
        """As a compose file would have it; viewers are only those of a group."""
        return {
            "OIDC_PROVIDER": self.provider,
            "OIDC_CLAIM_ROLES": self.claim,
            "OIDC_ROLE_ADMIN": "romm-admins",
            "OIDC_ROLE_EDITOR": "",
            "OIDC_ROLE_VIEWER": "family",
        } | dict(self.settings)

    def claims(self, *, member: bool) -> dict[str, Any]:
        """The claims of one of the two persons, as far as they are about groups."""
        value = self.admin if member else self.nobody
        if value is ABSENT:
            return {}
        head, _, rest = self.claim.partition(".")
        return {head: {rest: value}} if rest else {head: value}


LIST = ["staff", "romm-admins"]
KEPT = "absent"

SHAPES = (
    Shape(server="Authelia 4.38, a person whose key groups is missing", provider="authelia", admin=LIST, nobody=None),
    Shape(server="Authelia 4.38, a person with groups: []", provider="authelia", admin=LIST, nobody=[]),
    Shape(server="Authelia 4.39 with LDAP", provider="authelia", admin=LIST, nobody=None, seen=False),
    Shape(server="Authentik, in no group", provider="authentik", admin=LIST, nobody=[]),
    Shape(server="Authentik, entitlements", provider="authentik", claim="entitlements", admin=LIST, nobody=[]),
    Shape(server="Authentik, the mapping is not selected", provider="authentik", admin=LIST, nobody=ABSENT, outcome=KEPT),
    Shape(server="Dex 2.45", provider="dex", admin=LIST, nobody=ABSENT),
    Shape(server="Dex 2.45, told to keep", provider="dex", admin=LIST, nobody=ABSENT, outcome=KEPT,
          settings={"OIDC_CLAIM_ROLES_ABSENT": "keep"}),
    Shape(server="Keycloak, groups as paths", provider="keycloak", admin=["/staff", "/romm-admins"], nobody=ABSENT),
    Shape(server="Keycloak, realm roles", provider="keycloak", claim="realm_access.roles", admin=LIST, nobody=ABSENT),
    Shape(server="Keycloak, groups by an LDAP mapper", provider="keycloak", admin=[DN], nobody=ABSENT,
          settings={"OIDC_ROLE_ADMIN": f'["{DN}"]'}),
    Shape(server="Hydra 2.3, the consent app gives []", admin=LIST, nobody=[]),
    Shape(server="Hydra 2.3, the consent app gives null", admin=LIST, nobody=None),
    Shape(server="Hydra 2.3, the consent app gives nothing", admin=LIST, nobody=ABSENT, outcome=KEPT),
    Shape(server="Hydra 2.3, the consent app gives nothing, and the operator says so", admin=LIST, nobody=ABSENT,
          settings={"OIDC_CLAIM_ROLES_ABSENT": "none"}),
    Shape(server="Spring Authorization Server", claim="authorities", admin=LIST, nobody=[]),
    Shape(server="LemonLDAP::NG, joined with semicolons", admin="romm-admins; staff", nobody="",
          settings={"OIDC_CLAIM_ROLES_SEPARATOR": ";"}),
    Shape(server="CILogon, joined with semicolons", claim="affiliation", admin="romm-admins;staff", nobody="",
          settings={"OIDC_CLAIM_ROLES_SEPARATOR": ";"}, seen=False),
    Shape(server="A bridge, joined with commas", admin="romm-admins, staff", nobody="",
          settings={"OIDC_CLAIM_ROLES_SHAPE": "csv"}, seen=False),
    Shape(server="ForgeRock AM, LDAP names", admin=[OTHER_DN, DN], nobody=[], seen=False,
          settings={"OIDC_ROLE_ADMIN": DN.replace(",", "\\,")}),
    Shape(server="Shibboleth, one LDAP name as a text", admin=DN, nobody=OTHER_DN, seen=False,
          settings={"OIDC_ROLE_ADMIN": f'["{DN}"]', "OIDC_CLAIM_ROLES_SHAPE": "csv"}),
    Shape(server="Kanidm 1.10, its own groups are always there", provider="kanidm", admin=["romm-admins@idm.test", "6f1e"],
          nobody=["idm_all_persons@idm.test"], settings={"OIDC_ROLE_ADMIN": "romm-admins@idm.test"}),
    Shape(server="Zitadel, an object", provider="zitadel", claim=ZITADEL, admin={"romm-admins": {"27": "a.test"}}, nobody={},
          seen=False),
    Shape(server="A bridge that sends numbers", admin=LIST, nobody=[1001, 1002], outcome="unreadable", seen=False),
)  # fmt: skip
