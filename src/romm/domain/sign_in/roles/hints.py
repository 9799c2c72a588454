"""Hints for the warnings of a decision."""

from collections.abc import Mapping

HINTS: Mapping[str, str] = {
    "absent": "Neither the ID token nor UserInfo has the claim {claim} (OIDC_CLAIM_ROLES), so the role did not come from the "
    "provider. Compare the name with what the provider sends, add the scope that brings it to OIDC_SCOPES, and allow it for "
    "the client there. If the provider leaves the claim out for a person in no group, set OIDC_CLAIM_ROLES_ABSENT=none.",
    "unreadable": "The claim {claim} (OIDC_CLAIM_ROLES) is {found}, and no list of texts, so the role did not come from the "
    "provider. For an object whose keys are the roles (Zitadel) set OIDC_CLAIM_ROLES_SHAPE=keys, or name the list inside it "
    "with a dotted path; for anything else let the provider send the groups' names.",
    "overage": "The provider left the claim {claim} (OIDC_CLAIM_ROLES) out because the person is in too many groups, so the "
    "role was kept. In Entra ID send only the groups assigned to the application, or use app roles (OIDC_CLAIM_ROLES=roles).",
    "userinfo_unavailable": "UserInfo did not answer, and the ID token has no claim {claim} (OIDC_CLAIM_ROLES), so the role was "
    "kept. The line signin.userinfo_unavailable in the log has the reason.",
    "last_admin_kept": "By the claim {claim} (OIDC_CLAIM_ROLES) this person would be less than an administrator, but there is "
    "no other enabled one. Make another account an administrator (OIDC_ROLE_ADMIN, or /admin/users) first.",
    "admin_linked": "A sign-in with the provider now opens an administrator's account, because the verified address is the "
    "same. If that is not the same person, unlink it on /admin/users and set OIDC_LINK_BY_EMAIL=false.",
}

KEPT = HINTS.keys() - {"admin_linked"}
"""Warnings about a role that does not come from the provider."""


def hint(warning: str | None, roles_claim: str, found: str = "") -> str:
    """`found` describes the roles claim."""
    return HINTS.get(warning or "", "").format(claim=roles_claim or "for roles", found=found or "there")
