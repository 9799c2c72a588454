"""The last verdict on the administrators' start page."""

from romm.domain.diagnosis.findings import Check, Finding, Outcome, failed, ok, warning
from romm.domain.model import AccessLevel
from romm.ports.diagnosis import Checkup
from tests.api.accounts.test_own_page import local, read
from tests.world import World

OK = ok(Check.DNS, "is 192.0.2.1")
WARNING = warning(Check.CLAIMS, "no groups <b>")
UNKNOWN = Finding(check=Check.CLIENT, outcome=Outcome.UNKNOWN, found="the same answer to an invented secret")
FAILED = failed(Check.CLIENT, "the provider answered invalid_client")


async def home(world: World, *findings: Finding, name: str = "keeper") -> str:
    world.checkups.last_one = Checkup(at=world.clock(), findings=findings)
    return await read(await local(world, name), "/")


async def test_what_fails_stands_first_on_an_administrator_s_start_page(world: World) -> None:
    page = await home(world, OK, WARNING, FAILED)
    assert "Checks of single sign-on fail. Checked" in page
    assert page.index("Client and secret: the provider answered invalid_client") < page.index("Claims: no groups")
    assert "What to do" in page


async def test_a_warning_and_a_healthy_provider_are_said(world: World) -> None:
    assert "Checks of single sign-on have warnings." in await home(world, OK, WARNING)
    assert "All checks of single sign-on are ok." in await home(world, OK)


async def test_what_cannot_be_told_is_not_called_ok(world: World) -> None:
    page = await home(world, OK, UNKNOWN)
    assert "No check of single sign-on failed, but some could not be decided." in page
    assert "Client and secret: the same answer to an invented secret" in page


async def test_before_the_first_examination_nothing_is_said(world: World) -> None:
    assert "single sign-on are" not in await read(await local(world, "keeper"), "/")


async def test_others_do_not_see_it(world: World) -> None:
    await world.add("editor", level=AccessLevel.EDITOR)
    assert "Checked" not in await home(world, FAILED, name="editor")


async def test_a_check_on_the_page_of_single_sign_on_renews_it(world: World) -> None:
    world.checkups.last_one = Checkup(at=world.clock(), findings=(FAILED,))
    keeper = await local(world, "keeper")
    await read(keeper, "/admin/oidc")
    assert "Checks of single sign-on have warnings." in await read(keeper, "/")


async def test_its_english_sentences_say_that_they_are_english(world: World) -> None:
    world.checkups.last_one = Checkup(at=world.clock(), findings=(FAILED,))
    keeper = await local(world, "keeper")
    page = (await keeper.client.get("/", headers={"accept-language": "de"})).text
    assert '<html lang="de">' in page
    assert 'id="checkup" lang="en"' in page
