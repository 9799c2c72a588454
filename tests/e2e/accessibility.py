"""axe-core on a page: what would keep somebody out who cannot see it, or not well, or uses no mouse."""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SERIOUS = {"serious", "critical"}


def findings(page: Page) -> list[str]:
    """What is serious or critical about the page that is open, one line each. The context must be made with `bypass_csp`."""
    page.add_script_tag(path=Path(os.environ["ROMM_E2E_NODE_MODULES"]) / "axe-core" / "axe.min.js")
    found: dict[str, Any] = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    return [
        f"{violation['impact']} {violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
