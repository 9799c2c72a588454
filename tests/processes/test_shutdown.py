"""A RomM that is told to stop in the middle of a callback finishes it: the code is used, and cannot be sent again."""

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import httpx

from tests.fake_provider import FakeProvider
from tests.processes.conftest import create_first_admin, romm
from tests.world import HTML

SLOW_SECONDS = 3.0  # below KILL_SECONDS of the server, and long enough for the signal


def test_the_browser_gets_its_answer_after_sigterm(idp: FakeProvider, tmp_path: Path) -> None:
    with romm(idp, tmp_path) as (address, pid):
        idp.redirect_uri = f"{address}/api/oauth/openid"
        create_first_admin(address)
        with httpx.Client(base_url=address, headers=HTML, timeout=30) as browser:
            begun = browser.get("/api/login/openid", params={"next": "/collection"})
            query = asyncio.run(idp.approve(begun.headers["location"]))
            idp.delays["/token"] = SLOW_SECONDS
            answers: list[httpx.Response] = []
            callback = threading.Thread(target=lambda: answers.append(browser.get(f"/api/oauth/openid?{query}")))
            callback.start()
            while not idp.received("/token"):
                assert callback.is_alive()
                time.sleep(0.02)
            os.kill(pid, signal.SIGTERM)
            asked_at = time.monotonic()
            callback.join(timeout=30)
        assert answers, "the connection was cut"
        assert (answers[0].status_code, answers[0].headers["location"]) == (303, "/collection")
        assert any(cookie.name.endswith("session") for cookie in browser.cookies.jar)
        assert time.monotonic() - asked_at < SLOW_SECONDS + 5
