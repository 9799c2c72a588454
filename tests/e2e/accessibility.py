"""What is wrong with the page that is open: axe-core's findings, what sticks out, and what needs a script or another server."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

SERIOUS = {"serious", "critical"}
MOST_BYTES = 60_000
"""Of a page with its style, images and scripts, as they are sent to a browser that has none of them."""

HIGHEST_PICTURE = 2600
UNFOLDED = 20  # at most: what the description of the API unfolds is alike

_WITHOUT_SCRIPTS = """html => {
  const read = root => {
    const main = root.querySelector("main").cloneNode(true);
    main.querySelectorAll("[data-shows], [data-copies], time, noscript, pre button").forEach(each => each.remove());
    return main.textContent.replace(/[0-9a-f]{16}|\\d+/g, "0").replace(/\\s+/g, " ").trim();
  };
  const plain = new DOMParser().parseFromString(html, "text/html");
  const mute = [...plain.querySelectorAll("form")].filter(
    form => !form.querySelector("button:not([type=button]):not([hidden]), input[type=submit]"));
  const found = mute.map(form => `the form for ${form.getAttribute("action")} has no button without scripts`);
  return read(plain) === read(document) ? found : [...found, "its text is another without scripts"];
}"""


def findings(page: Page, impacts: set[str] = SERIOUS) -> list[str]:
    """A line for each. The context must be made with `bypass_csp`."""
    page.add_script_tag(path=Path(os.environ["ROMM_E2E_NODE_MODULES"]) / "axe-core" / "axe.min.js")
    found: dict[str, Any] = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    return [
        f"{violation['impact']} {violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in impacts
        for node in violation["nodes"]
    ]


def looked_at(page: Page) -> list[str]:
    """All that axe-core finds, with everything unfolded, and whether a person has to scroll sideways."""
    page.evaluate(
        f"[...document.querySelectorAll('details')].slice(0, {UNFOLDED}).forEach(each => {{ each.open = true; }})"
    )
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = findings(page, {"minor", "moderate", *SERIOUS})
    return found + ([f"sticks out by {width} pixels"] if width > 0 else [])


def needs_scripts(page: Page) -> list[str]:
    """Compares with the page as it is without JavaScript, but for numbers: a time, or the reference of another request."""
    html = page.request.get(page.url, headers={"accept": "text/html"}).text()
    found: list[str] = page.evaluate(_WITHOUT_SCRIPTS, html)
    return found


@dataclass
class Transfer:
    """What a page brings with it."""

    origin: str
    total: int = 0
    urls: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        others = [url for url in self.urls if not url.startswith((self.origin, "data:"))]
        large = [f"{self.total} bytes"] if self.total > MOST_BYTES else []
        return [*large, *(f"asks {urlsplit(url).netloc}" for url in others)]


@contextmanager
def transferred(page: Page, origin: str) -> Iterator[Transfer]:
    """Without the browser's cache."""
    made, chromium = Transfer(origin), page.context.new_cdp_session(page)
    chromium.send("Network.enable")
    chromium.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def asked(event: dict[str, Any]) -> None:
        made.urls.append(event["request"]["url"])

    def received(event: dict[str, Any]) -> None:
        made.total += int(event["encodedDataLength"])

    chromium.on("Network.requestWillBeSent", asked)
    chromium.on("Network.loadingFinished", received)
    yield made
    page.wait_for_load_state("networkidle")
    chromium.detach()


def photographed(page: Page, name: str) -> None:
    """Where ROMM_E2E_PICTURES names a folder."""
    if folder := os.environ.get("ROMM_E2E_PICTURES"):
        file = re.sub(r"[^\w-]+", "_", name)[:80]
        height = min(page.evaluate("document.documentElement.scrollHeight"), HIGHEST_PICTURE)
        page.screenshot(
            path=Path(folder) / f"{file}.png",
            full_page=True,
            clip={"x": 0, "y": 0, "width": page.evaluate("innerWidth"), "height": height},
        )
