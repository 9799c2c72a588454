"""Every shape by its name: `shape("dex-2.45").healthy()`, `shape("dex-2.45").broken("redirect_uri")`."""

from tests.shapes import (
    authelia,
    authentik,
    canaille,
    dex,
    hydra,
    kanidm,
    keycloak,
    lemonldap,
    nextcloud,
    node,
    pocket_id,
    spring,
    toolkit,
)
from tests.shapes.server import Server

SERVERS = {
    shape.name: Server(shape)
    for family in (
        authelia, authentik, keycloak, pocket_id, node, dex, toolkit, nextcloud, hydra, spring, kanidm, lemonldap, canaille,
    )
    for shape in family.SHAPES
}  # fmt: skip


def shape(name: str) -> Server:
    """The server of that name and version."""
    return SERVERS[name]
