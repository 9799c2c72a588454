"""Both hosts are restarted, one after the other, while people sign in."""

import time

from tests.processes.hosts.balanced import FAIL_SECONDS, Hosts, behind_nginx
from tests.processes.hosts.crowd import Crowd

pytestmark = behind_nginx

PROVIDER_SECONDS = 0.3
"""So that a callback is in flight whenever a host is told to stop."""


def test_a_rolling_restart_loses_no_request(both: Hosts) -> None:
    crowd = Crowd(both, sign_out=True)
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
