"""Links as pages describe them: each by the name of its own provider."""

from dataclasses import dataclass

from romm.domain import hosts
from romm.domain.issuers import OPENING, Issuers, Relation
from romm.domain.model import Account, LinkedIdentity, subject_digest


@dataclass(frozen=True, kw_only=True)
class DescribedLink:
    """`opens`: it is a way in. `blocks`: it keeps the provider's verified address from linking anew (L-10)."""

    id: str
    link: LinkedIdentity
    name: str
    opens: bool
    blocks: bool


def describe_links(account: Account, issuers: Issuers, provider_name: str) -> list[DescribedLink]:
    """All links of an account."""
    return [_described(link, issuers.relation(link), provider_name) for link in account.links]


def _described(link: LinkedIdentity, relation: Relation, provider_name: str) -> DescribedLink:
    return DescribedLink(
        id=subject_digest(link.identity),
        link=link,
        name=_name(link.identity.issuer, relation, provider_name),
        opens=relation in OPENING,
        blocks=relation is Relation.FOREIGN,
    )


def _name(issuer: str, relation: Relation, provider_name: str) -> str:
    host = (hosts.origin(issuer) or issuer).partition("://")[2] or issuer
    match relation:
        case Relation.THIS | Relation.CURRENT:
            return provider_name
        case Relation.FORMER:
            return f"an earlier provider: {host}"
        case Relation.FOREIGN:
            return f"another provider: {host}"
        case Relation.UNKNOWN:
            return host
