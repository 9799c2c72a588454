"""Two RomM behind one nginx that sends each request to the next of them: together they are one."""

from tests.processes.hosts.balanced import Hosts, behind_nginx, host_of

pytestmark = behind_nginx

SIGN_INS = 200


def test_two_hundred_sign_ins_begin_at_one_host_and_end_at_the_other(both: Hosts) -> None:
    ends = set()
    for number in range(SIGN_INS):
        both.idp.sub = f"person-{number % 20}"
        both.idp.claims = {
            "preferred_username": both.idp.sub,
            "email": f"{both.idp.sub}@example.org",
            "email_verified": True,
        }
        with both.browser() as person:
            begun = person.get("/api/login/openid", params={"next": "/collection"})
            ended = person.get(both.approve(begun.headers["location"]))
            assert host_of(begun) != host_of(ended)
            assert (ended.status_code, ended.headers["location"]) == (303, "/collection")
            assert person.get("/api/users/me").json()["username"] == both.idp.sub
        ends.add(host_of(ended))
    assert len(ends) == 2
