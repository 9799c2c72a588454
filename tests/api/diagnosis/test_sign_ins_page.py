"""The page of the sign-in log: found by reference, filtered, paged, and told in words."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from romm.domain.titles import TITLES
from romm.ports.sign_in import SignInEntry, SignInFilter
from tests.api.accounts.test_own_page import local, read
from tests.api.sign_in.test_pages import words
from tests.fakes import FakeSignInLog
from tests.world import VISITOR, Browser, World

PAGE = "/admin/sign-ins"


@pytest.fixture
async def keeper(world: World) -> Browser:
    return await local(world, "keeper")


async def wrong_password(world: World, username: str = "vera") -> None:
    await world.program().post("/api/login", json={"username": username, "password": "wrong"})


async def refused(world: World) -> str:
    """Somebody whose address is not verified; gives the reference that they read."""
    world.idp.claims.update(email_verified=False, name="Alice Liddell")
    answer = await world.browser().sign_in()
    return parse_qs(urlsplit(answer.headers["location"]).query)["ref"][0]


def lines_in(answer: httpx.Response) -> list[str]:
    return [words(line).strip() for line in re.findall(r"<li>.*?</li>", answer.text, re.DOTALL)]


async def lines(browser: Browser, query: str = "") -> list[str]:
    answer = await browser.get(f"{PAGE}{query}")
    assert answer.status_code == 200
    return lines_in(answer)


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        pytest.param(["romm-editors"], "Role: lowered, admin → editor", id="lowered"),
        pytest.param(5, "Role: admin, kept here, not by the provider", id="kept"),
        pytest.param(["romm-admins"], "", id="the same"),
    ],
)
async def test_what_became_of_the_role_is_in_the_line(world: World, keeper: Browser, groups: object, told: str) -> None:
    await world.browser().sign_in()
    world.idp.claims["groups"] = groups
    await world.browser().sign_in()
    last, first, _ = await lines(keeper)
    assert told in last
    assert ("Role:" in last) == bool(told)
    assert ("unreadable" in last) == (groups == 5)
    assert "Role:" not in first


async def test_a_role_that_was_raised_or_given_without_the_provider_is_in_the_line(
    world: World, keeper: Browser
) -> None:
    world.idp.claims.pop("groups")
    await world.browser().sign_in()
    world.idp.claims["groups"] = ["romm-editors"]
    await world.browser().sign_in()
    raised, given, _ = await lines(keeper)
    assert "Role: raised, viewer → editor" in raised
    assert "Role: viewer, given here, not by the provider" in given


async def test_the_last_administrator_that_stays_one_is_in_the_line() -> None:
    world = World()
    await world.browser().sign_in()
    world.idp.claims["groups"] = ["users"]
    browser = world.browser()
    await browser.sign_in()
    last, _ = await lines(browser)
    assert "last_admin_kept: By the claim groups" in last


async def test_a_reference_finds_its_line_with_all_that_is_known(world: World, keeper: Browser) -> None:
    reference = await refused(world)
    await wrong_password(world)

    answer = await keeper.get(f"{PAGE}?search={reference}")

    [line] = lines_in(answer)
    row, entry = CATALOGUE[Code.EMAIL_NOT_VERIFIED], world.sign_ins.entries[-2]
    assert entry.subject_digest is not None
    for text in (
        "refused",
        f"alice@example.org with Authelia: {TITLES[Code.EMAIL_NOT_VERIFIED]}",
        f"{entry.at:%Y-%m-%d %H:%M} UTC",
        "The provider does not say that the address is verified (OIDC_TRUST_EMAIL). Refused: email_not_verified",
        row.person,
        "email alice@example.org",
        "name text of 13",
        f"Issuer {world.idp.issuer}",
        f"Subject, hashed {entry.subject_digest}",
        f"Reference {reference}",
        "From 127.0.0.1",
    ):
        assert text in line
    assert "Liddell" not in answer.text
    assert f'<time datetime="{entry.at.isoformat()}">' in answer.text
    assert len(re.findall("<details[^>]* open>", answer.text)) == 2


@pytest.mark.parametrize("around", ["{}", "  {}\n", "Code: email_not_verified · Reference: {}", "ref {}."])
async def test_a_reference_may_be_pasted_as_it_was_copied(world: World, keeper: Browser, around: str) -> None:
    reference = await refused(world)
    answer = await keeper.client.get(PAGE, params={"search": around.format(reference.upper())})
    assert len(lines_in(answer)) == 1
    assert f'value="{reference}"' in answer.text


async def test_a_reference_of_no_sign_in_says_where_to_look(keeper: Browser) -> None:
    page = await read(keeper, f"{PAGE}?search=0123456789abcdef")
    assert "No sign-in has this reference." in page
    assert "correlation_id" in page


async def test_what_a_code_means_stands_with_it(world: World, keeper: Browser) -> None:
    world.idp.claims.update(groups=["others"])
    await world.browser().sign_in()
    line = (await lines(keeper))[0]
    row = CATALOGUE[Code.NO_ROLE]
    assert f": {TITLES[Code.NO_ROLE]} " in line
    assert f"The person reads {row.person}" in line
    assert f"Code {Code.NO_ROLE} " in line
    assert "No value of the roles claim (OIDC_CLAIM_ROLES: 'others') is in OIDC_ROLE_ADMIN" in line


async def test_the_log_is_filtered_by_outcome_code_and_account(world: World, keeper: Browser) -> None:
    await local(world, "vera")
    await wrong_password(world)

    async def heads(query: str = "") -> list[str]:
        return [" ".join(line.split(" UTC ")[1].split()[:5]) for line in await lines(keeper, query)]

    refusal, vera, keeper_ = (
        "vera with a local password:",
        "vera with a local password",
        "keeper",
    )
    assert await heads() == [refusal, vera, f"{keeper_} with a local password"]
    assert await heads("?outcome=refused") == [refusal]
    assert await heads("?outcome=signed_in&search=vera") == [vera]
    assert await heads("?account=2") == [refusal, vera]
    assert await heads("?search=VERA") == [refusal, vera]
    assert await heads("?search=credentials_wrong") == [refusal]
    assert await heads("?search=no_role") == []


@pytest.mark.parametrize("sought", ["nobody-here", "0", "99999999999999999999", "-1", "%", "\x00"])
async def test_a_search_that_finds_nothing_says_what_to_ask_for(keeper: Browser, sought: str) -> None:
    page = words((await keeper.client.get(PAGE, params={"search": sought})).text)
    assert "ask the person for the reference, or choose Refused" in page


async def test_a_person_who_was_refused_is_found_by_the_address_at_the_provider(world: World, keeper: Browser) -> None:
    await refused(world)
    for sought in ("alice", "ALICE@example", "email_not", "127.0.0.1"):
        found = await lines(keeper, f"?search={sought}&outcome=refused")
        assert len(found) == 1
        assert f"alice@example.org with Authelia: {TITLES[Code.EMAIL_NOT_VERIFIED]}" in found[0]


async def test_facts_stand_in_place_of_their_names(world: World, keeper: Browser) -> None:
    await refused(world)
    page = (await keeper.get(PAGE)).text
    assert "email_verified is false in id_token" in words(page)
    assert "{" not in words(page)


async def test_a_line_from_before_has_the_names_of_the_facts(world: World, keeper: Browser) -> None:
    await refused(world)
    world.sign_ins.entries[-1] = replace(world.sign_ins.entries[-1], facts="")
    page = (await keeper.get(PAGE)).text
    assert "<var>found</var>" in page
    assert "{" not in words(page)


async def test_what_the_provider_said_is_in_the_line(world: World, keeper: Browser) -> None:
    browser = world.browser()
    state = parse_qs(urlsplit(await browser.begin()).query)["state"][0]
    said = {
        "error": "access_denied",
        "error_description": "The user was denied <b>",
        "state": state,
        "iss": world.idp.issuer,
    }
    await browser.come_back(urlencode(said))
    answer = await keeper.get(PAGE)
    assert "access_denied (The user was denied &lt;b&gt;)" in answer.text


async def test_lines_outlive_their_account_and_names_lead_to_those_that_are_there(
    world: World, keeper: Browser
) -> None:
    await local(world, "vera")
    assert 'href="/admin/users/2"' in (await keeper.get(PAGE)).text
    await keeper.submit("/admin/users/2/delete")
    page = (await keeper.get(f"{PAGE}?account=2")).text
    assert 'href="/admin/users/2"' not in page
    assert "account 2 with a local password" in words(page)


async def test_the_log_is_read_page_by_page_with_its_filters(world: World, keeper: Browser) -> None:
    for _ in range(120):
        await world.use_cases.journal.refused("openid", Refused(Code.NO_ROLE), VISITOR)
        world.clock.advance(timedelta(seconds=10))  # more at once would be a flood
    seen, url = [], f"{PAGE}?outcome=refused"
    while url:
        answer = await keeper.get(url)
        seen.append(len(lines_in(answer)))
        older = re.findall(r'href="([^"]+)">Older<', answer.text)
        url = html.unescape(older[0]) if older else ""
    assert seen == [50, 50, 20]


class Attentive(FakeSignInLog):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[SignInFilter] = []

    async def search(self, wanted: SignInFilter, limit: int) -> list[SignInEntry]:
        self.asked.append(wanted)
        return await super().search(wanted, limit)


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999999", "9999999999"])
async def test_no_number_is_larger_than_a_database_takes(number: str) -> None:
    log = Attentive()
    world = World(sign_ins=log)
    await world.add("keeper", level=AccessLevel.ADMIN)
    keeper = await local(world, "keeper")
    for path in (f"{PAGE}?before={number}&account={number}", f"/api/sign-ins?before={number}&user_id={number}"):
        assert (await keeper.get(path)).status_code == 200
    numbers = [each for wanted in log.asked for each in (wanted.before, wanted.account_id)]
    assert [each for each in numbers if each is None or not 0 <= each < 2**31] == []


async def test_the_page_says_how_long_lines_are_kept() -> None:
    world = World(environ={"ROMM_SIGN_IN_RETENTION_DAYS": "1"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    page = await read(await local(world, "keeper"), PAGE)
    assert "Times are in UTC. Lines are kept for 1 day (ROMM_SIGN_IN_RETENTION_DAYS)." in page


async def test_what_the_provider_sent_is_text_on_the_page(world: World, keeper: Browser) -> None:
    world.idp.claims.update(email="<b>@example.org", email_verified=False)
    await world.browser().sign_in()
    assert "<b>" not in (await keeper.get(PAGE)).text


async def test_the_page_is_for_administrators(world: World) -> None:
    nobody = await world.browser().get(f"{PAGE}?search=0123456789abcdef")
    assert nobody.headers["location"] == "/login?next=%2Fadmin%2Fsign-ins%3Fsearch%3D0123456789abcdef"
    answer = await (await local(world, "vera")).get(PAGE)
    assert answer.status_code == 403
    assert "Not allowed" in words(answer.text)
