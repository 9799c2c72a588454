"""How much of a browser's room our attempts take, and which cookies are ours."""

import pytest

from romm.api.http.cookies import MAX_ATTEMPTS, MAX_ATTEMPTS_BYTES, MAX_EXPIRED
from tests.api.http.test_headers import ages_of
from tests.world import PASSWORD, World


async def expired(world: World, *sizes: int) -> list[int]:
    """Which of the attempts that a browser brings are cleared away when a new one begins, the oldest being 0."""
    cookies = "; ".join(f"__Host-romm_attempt_{number:016x}={'x' * (size - 36)}" for number, size in enumerate(sizes))
    begun = await world.browser(cookie=cookies).get("/api/login/openid")
    ages = ages_of(begun)
    assert list(ages.values()).count("600") == 1
    return [int(name.removeprefix("romm_attempt_"), 16) for name, age in ages.items() if age == "0"]


@pytest.mark.parametrize(
    ("sizes", "gone"),
    [
        pytest.param([], [], id="the first"),
        pytest.param([400] * 4, [], id="as many as there may be"),
        pytest.param([400] * 5, [0], id="one too many"),
        pytest.param([1800] * 2, [], id="long ones"),
        pytest.param([1800] * 3, [0], id="long ones, and one too many"),
        pytest.param([400, 1900, 1800], [0], id="the oldest goes, also when it is short"),
        pytest.param([400, MAX_ATTEMPTS_BYTES], [0, 1], id="one that fills the room"),
    ],
)
async def test_the_oldest_attempts_make_room(world: World, sizes: list[int], gone: list[int]) -> None:
    """R-19."""
    assert await expired(world, *sizes) == gone


async def test_a_browser_that_brings_very_many_gets_an_answer_of_ordinary_size(world: World) -> None:
    gone = await expired(world, *[60] * 200)
    assert gone == list(range(MAX_EXPIRED))
    assert MAX_EXPIRED > MAX_ATTEMPTS


async def test_only_attempts_with_well_formed_names_are_deleted() -> None:
    browser = World().browser()
    for number in range(20):
        browser.client.cookies.set(f"__Host-romm_attempt_of-others-{number}", "x" * 900)
    answer = await browser.client.get("/api/login/openid")
    assert answer.status_code == 303
    assert "of-others" not in str(answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize("space", ["\xa0", "\x85", "\t\xa0 ", "\x0b", "\x1c"])
@pytest.mark.parametrize("before", ["", "theme=dark;", "theme=dark; "])
async def test_a_cookie_that_another_host_of_the_domain_may_set_is_not_taken_for_ours(space: str, before: str) -> None:
    """Chromium sends `\\xa0__Host-romm_session` to all hosts of the domain, as any of them set it; `strip` takes it for ours."""
    world = World()
    await world.add("mallory", "mallory@romm.test")
    signed_in = await world.browser().submit("/api/login", username="mallory", password=PASSWORD)
    session = signed_in.headers["set-cookie"].partition(";")[0]
    for cookie, status in ((f"{before}{session}", 200), (f"{before}{space}{session}", 401)):
        answer = await world.program().get("/api/users/me", headers={b"cookie": cookie.encode("latin-1")})
        assert answer.status_code == status
