"""The linking rules for documentation. `linking.decide` is the code (it checks L-04 before L-03)."""

from collections.abc import Mapping

ROWS: Mapping[str, tuple[str, str]] = {
    "L-01": (
        "There is no administrator yet, and this person's groups do not give that role",
        "Refused: `setup_required`.",
    ),
    "L-02": (
        "The identity is linked to an account that is disabled",
        "Refused: `account_disabled`.",
    ),
    "L-none": (
        "The person's groups are known, and none of them is mapped to a role",
        "Refused: `no_role`. No account is created; an existing one does not change.",
    ),
    "L-03": (
        "The identity is linked to an account",
        "The account is signed in, whatever its e-mail address is now. A new address is copied if it is verified and free.",
    ),
    "L-04": (
        "A signed-in person asked on their account page to link this identity",
        (
            "Linked, whatever the address. Refused if the sign-in is not fresh, another account has the identity, or the account "
            "has another one."
        ),
    ),
    "L-05": (
        "The identity is new here, and the provider sent no e-mail address",
        "Refused: `email_missing`.",
    ),
    "L-06": (
        "The address cannot be compared safely: look-alike letters, spaces, two @",
        "Refused: `email_invalid`.",
    ),
    "L-07": (
        "The provider does not say that the address is verified (`OIDC_TRUST_EMAIL`)",
        "Refused: `email_not_verified`, whether or not an account has this address.",
    ),
    "L-08": (
        "Several accounts have this address, vouched for",
        "Refused: `email_ambiguous`.",
    ),
    "L-09": (
        "One account has it, vouched for, and is disabled",
        "Refused: `account_disabled`.",
    ),
    "L-10": (
        "One account has it, vouched for, and is linked to another identity here, or to a provider that is unknown now",
        "Refused: `already_linked`. A warning in the log if it is this provider.",
    ),
    "L-10a": (
        "One account has it, vouched for, and is linked to another provider; one of the two is open to anyone",
        "Refused: `link_from_account`.",
    ),
    "L-11": (
        "One account has it, vouched for, but `OIDC_LINK_BY_EMAIL=false`",
        "Refused: `link_from_account`.",
    ),
    "L-11a": (
        "One account has it, vouched for, and this sign-in does not raise its role",
        (
            "The account is linked and signed in. Its other sessions, tokens, links and pairings end. Its local password keeps "
            "working."
        ),
    ),
    "L-11b": (
        "One account has it, vouched for, and the person's groups raise its role",
        (
            "The account is linked and signed in, with the higher role. Its other sessions, tokens, links and pairings end, "
            "**and its password stops working**."
        ),
    ),
    "L-11c": (
        "One account has it, vouched for, and it is an administrator's already",
        (
            "The account is linked and signed in. Its other sessions, tokens, links and pairings end. Its password keeps "
            "working, for when the provider is down. A warning in the log."
        ),
    ),
    "L-11p": (
        "The owner of one account typed the address, and the person proved that the account is theirs",
        (
            "The account is linked and signed in. Its other sessions, tokens, links and pairings end. The password keeps "
            "working, also if the role is raised. The address is now the provider's."
        ),
    ),
    "L-11q": (
        "The owner of one account typed the address; the account is enabled and not linked",
        "Asked: “Is this your account?” Nothing is written before the answer.",
    ),
    "L-12": (
        "No account has it that counts, and new ones are allowed",
        (
            "A new account is created, without a password, and signed in. If the owner of another account typed the address, it "
            "is removed there."
        ),
    ),
    "L-12i": (
        "No account has it that counts, and the sign-in began at an invitation",
        (
            "A new account is created, without a password, and signed in, also with `OIDC_ALLOW_REGISTRATION=false`. It has the "
            "invitation's role if the person's groups give none. The invitation is used up; `link_invalid` if it has ended "
            "meanwhile."
        ),
    ),
    "L-13": (
        "No account has it that counts, and `OIDC_ALLOW_REGISTRATION=false`",
        "Refused: `registration_closed`. Nothing is written.",
    ),
}
