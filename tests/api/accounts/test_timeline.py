"""A person's page: what happened to the account, and what the last claims would do now."""

import re

import pytest

from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from romm.domain.titles import TITLES
from tests.api.accounts.test_own_page import local, read
from tests.api.sign_in.test_pages import words
from tests.world import Browser, World


async def timeline(browser: Browser, number: int) -> list[str]:
    page = (await browser.get(f"/admin/users/{number}")).text
    part = page.split('id="timeline"')[1].split("</section>")[0]
    return [" ".join(words(line).split()) for line in re.findall(r"<li>.*?</li>", part, re.DOTALL)]


@pytest.fixture
async def keeper(world: World) -> Browser:
    return await local(world, "keeper")


async def test_what_happened_stands_in_one_list_the_newest_first(world: World, keeper: Browser) -> None:
    alice = await world.add("alice", "alice@example.org")
    world.idp.claims.update(email_verified=False)
    await world.browser().sign_in()
    world.idp.claims.update(email_verified=True)
    browser = world.browser()
    await browser.sign_in()
    token = {"name": "Handheld", "scopes": ["me.read"], "expires_in": "never"}
    created = await browser.client.post("/api/client-tokens", json=token, headers={"sec-fetch-site": "same-origin"})
    assert created.status_code == 201

    lines = await timeline(keeper, alice.id)

    text = "\n".join(lines)
    for part in (
        "Account created",
        "alice@example.org with Authelia: E-mail address not verified",
        "signed in",
        "Linked with Authelia",
        "Session begun in",
        "Client token Handheld created",
    ):
        assert part in text
    moments = [re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", line)[0] for line in lines]
    assert moments == sorted(moments, reverse=True)


async def test_another_person_s_lines_are_not_in_it(world: World, keeper: Browser) -> None:
    bob = await world.add("bob", "bob@example.org")
    world.idp.claims.update(email_verified=False)
    await world.browser().sign_in()
    assert "not verified" not in "\n".join(await timeline(keeper, bob.id))


async def test_the_last_claims_are_explained_by_the_rules_of_now(world: World, keeper: Browser) -> None:
    alice = await world.add("alice", "alice@example.org")
    await world.browser().sign_in()
    world.disable(world.accounts.by_id[alice.id])
    page = await read(keeper, f"/admin/users/{alice.id}?explain=true")
    assert f"This person would be refused: {TITLES[Code.ACCOUNT_DISABLED]}." in page
    assert "romm-admins" in page


async def test_a_refusal_of_the_address_is_explained_too(world: World, keeper: Browser) -> None:
    alice = await world.add("alice", "alice@example.org", AccessLevel.VIEWER)
    world.idp.claims.update(email_verified=False)
    await world.browser().sign_in()
    page = await read(keeper, f"/admin/users/{alice.id}?explain=true")
    assert f"would be refused: {TITLES[Code.EMAIL_NOT_VERIFIED]}." in page


async def test_without_claims_there_is_nothing_to_explain(world: World, keeper: Browser) -> None:
    bob = await world.add("bob", "bob@example.org")
    page = await read(keeper, f"/admin/users/{bob.id}?explain=true")
    assert "last claims" not in page
