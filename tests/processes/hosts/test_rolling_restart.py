"""Both hosts are restarted, one after the other, while people sign in."""

import time

from tests.processes.hosts.balanced import FAIL_SECONDS, Hosts, behind_nginx
from tests.processes.hosts.crowd import NAMES, PROGRAM, Crowd

pytestmark = behind_nginx

PROVIDER_SECONDS = 0.3
"""So that a callback is in flight whenever a host is told to stop."""


def test_a_rolling_restart_loses_no_request_and_no_session(both: Hosts) -> None:
    crowd = Crowd(both, sign_out=True)
    with both.browser() as stays:
        stays.post("/api/login", json=NAMES, headers=PROGRAM).raise_for_status()
    both.idp.delays["/token"] = PROVIDER_SECONDS
    with crowd.living():
        for each in both:
            time.sleep(1)
            each.stop()
            each.start()
            each.wait()
            time.sleep(FAIL_SECONDS)
    both.idp.delays.clear()
    assert [each for each in crowd.heard if each.kind != "fine"] == []
    assert len(crowd.heard) > 50
    for host in both:
        with both.browser(host.address, stays.cookies) as person:
            assert person.get("/api/users/me", headers=PROGRAM).status_code == 200
