"""Ways to use a page: with a mouse, with the keys alone, and through what a screen reader is given."""

import re
from typing import Any

from playwright.sync_api import Page

MOST_TABS = 120
_SAID = "e => (e.labels?.length ? e.labels[0] : e).innerText.replace(/\\s+/g, ' ').trim()"


class Mouse:
    """`press` a button, a link or what unfolds, by its whole name; `enter` text into a field by the beginning of its label."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, name: str) -> None:
        exactly = re.compile(rf"^\s*{re.escape(name)}\s*$")
        self.page.locator("button, a, summary").filter(has_text=exactly).locator("visible=true").first.click()

    def enter(self, label: str, text: str) -> None:
        labelled = self.page.locator("label").filter(has_text=re.compile(rf"^\s*{re.escape(label)}"))
        self.page.locator(f"[id='{labelled.locator('visible=true').first.get_attribute('for')}']").fill(text)


class Keyboard(Mouse):
    """Tab, Enter and letters: no mouse, and no focus that a script sets."""

    def press(self, name: str) -> None:
        self._tab_to(lambda said: said == name)
        _press_enter(self.page)

    def enter(self, label: str, text: str) -> None:
        self._tab_to(lambda said: said.startswith(label))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def _tab_to(self, is_it: Any) -> None:
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if is_it(self.page.evaluate(f"({_SAID})(document.activeElement)")):
                return
        raise AssertionError(f"Tab does not come to it at {self.page.url}")


class ScreenReader(Mouse):
    """Finds what Chromium's accessibility tree has under a role and a name, and goes there by the tree."""

    def press(self, name: str) -> None:
        self._focus({"button", "link", "DisclosureTriangle"}, lambda found: found == name)
        _press_enter(self.page)

    def enter(self, label: str, text: str) -> None:
        self._focus({"textbox", "searchbox"}, lambda found: found.startswith(label))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def _focus(self, roles: set[str], is_it: Any) -> None:
        chromium = self.page.context.new_cdp_session(self.page)
        nodes = chromium.send("Accessibility.getFullAXTree")["nodes"]
        found = [
            node for node in nodes if not node["ignored"] and node["role"]["value"] in roles and is_it(_name(node))
        ]
        assert found, f"the tree of {self.page.url} has {sorted(_name(node) for node in nodes if not node['ignored'])}"
        chromium.send("DOM.focus", {"backendNodeId": found[0]["backendDOMNodeId"]})
        chromium.detach()


def _name(node: dict[str, Any]) -> str:
    return " ".join(str(node.get("name", {}).get("value", "")).split())


def _press_enter(page: Page) -> None:
    """A link or a button leads to another page, what unfolds does not."""
    if page.evaluate("document.activeElement.tagName") == "SUMMARY":
        page.keyboard.press("Enter")
        return
    with page.expect_navigation():
        page.keyboard.press("Enter")
