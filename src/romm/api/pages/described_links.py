"""Links as pages describe them, each by its provider's name."""

from dataclasses import dataclass

from romm.api.pages.renderer import PageRenderer
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


def describe_links(account: Account, issuers: Issuers, renderer: PageRenderer) -> list[DescribedLink]:
    return [_described(link, issuers.relation(link), renderer) for link in account.links]


def _described(link: LinkedIdentity, relation: Relation, renderer: PageRenderer) -> DescribedLink:
    return DescribedLink(
        id=subject_digest(link.identity),
        link=link,
        name=_name(link.identity.issuer, relation, renderer),
        opens=relation in OPENING,
        blocks=relation is Relation.FOREIGN,
    )


def _name(issuer: str, relation: Relation, renderer: PageRenderer) -> str:
    host = hosts.display(issuer)
    match relation:
        case Relation.THIS | Relation.CURRENT:
            return renderer.name_of(issuer) or renderer.provider_name
        case Relation.FORMER:
            return f"an earlier provider: {host}"
        case Relation.FOREIGN:
            return f"another provider: {host}"
        case Relation.UNKNOWN:
            return host
