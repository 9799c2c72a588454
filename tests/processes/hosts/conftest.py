"""Two RomM with one PostgreSQL, behind nginx."""

from collections.abc import Iterator

import pytest

from romm.adapters.database.migrations import upgrade
from tests.adapters.conftest import temporary_database
from tests.fake_provider import FakeProvider, served
from tests.processes.conftest import create_first_admin
from tests.processes.hosts.balanced import Hosts, hosts


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    idp = FakeProvider()
    with temporary_database() as url, served(idp) as port:
        upgrade(url)
        idp.issuer = f"http://127.0.0.1:{port}"
        with hosts(idp, tmp_path_factory.mktemp("hosts"), url) as found:
            create_first_admin(found[0].itself)
            yield found
