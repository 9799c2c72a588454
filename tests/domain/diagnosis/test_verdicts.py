"""Is the redirect URI registered? Each verdict from answers and their controls."""

from typing import Any

import pytest

from romm.domain.diagnosis import verdicts
from romm.domain.diagnosis.evidence import PageWords, ProbeResponse
from romm.domain.diagnosis.probes import ClientProbes, PushProbe, RequestProbe, TokenProbe
from romm.domain.diagnosis.visits import Visit, alike, follow, invented_redirect_uri, is_error, masked, proves, words
from romm.domain.errors import Code, Refuse
from tests.domain.diagnosis.checks.examples import ISSUER, REDIRECT_URI

TOKEN = TokenProbe(method="client_secret_basic", answer=Refuse(Code.CODE_REJECTED, {"error": "invalid_grant"}))
DOWN = Refuse(Code.PROVIDER_UNAVAILABLE, {"url": f"{ISSUER}/authorize", "problem": "no answer within 8.0 s"})
PUSH_CLIENT = Refuse(Code.CLIENT_REJECTED, {"error": "invalid_client"})
PUSH_URI = Refuse(Code.REQUEST_REFUSED, {"error": "invalid_redirect_uri", "redirect_uri": REDIRECT_URI})
MOVED = Refuse(Code.PROVIDER_ANSWER_INVALID, {"problem": "302 to https://auth.example.com/login"})


def page(status: int = 200, title: str = "", text: str = "", error: str | None = None) -> Visit:
    response = ProbeResponse(
        status=status, content_type="text/html", error=error, words=PageWords(title=title, text=text)
    )
    return Visit(redirect_uri=REDIRECT_URI, responses=(response,), sent=("romm", REDIRECT_URI))


def sent_to(*locations: str, then: Visit | None = None) -> Visit:
    redirects = tuple(ProbeResponse(status=302, content_type="", location=location) for location in locations)
    return Visit(redirect_uri=REDIRECT_URI, responses=(*redirects, *(then.responses if then else ())))


BACK = sent_to(f"{REDIRECT_URI}?error=login_required&state=s")
FORM, FAULT, OTHER = (
    page(200, "Log in"),
    page(400, "Bad Request", "Unregistered."),
    page(400, "Bad Request", "No client."),
)
SCOPE = sent_to(f"{REDIRECT_URI}?error=invalid_scope&state=s")
STUMBLES = page(500, "Server Error (500)")
COMPLETION = sent_to(
    f"{ISSUER}/consent/completion?error=invalid_request&error_description=Bad.&error_hint=No+such+URI."
)


def asked(silent: Visit | Refuse, **more: Any) -> RequestProbe:
    return RequestProbe(silent=silent, **more)


@pytest.mark.parametrize(
    ("request_probe", "push", "verdict"),
    [
        pytest.param(asked(BACK), None, verdicts.Registered, id="by the book"),
        pytest.param(asked(FORM, silent_control=FAULT), None, verdicts.Registered, id="only the invented one is an error"),
        pytest.param(
            asked(STUMBLES, silent_control=STUMBLES, shown=FORM, shown_control=FAULT), None, verdicts.Registered,
            id="a provider that stumbles over prompt=none, asked as at a sign-in",
        ),
        pytest.param(asked(FORM, silent_control=FORM, shown=BACK), None, verdicts.Registered, id="back without prompt"),
        pytest.param(
            asked(FORM, silent_control=FORM, shown=FORM, shown_control=FORM), None, verdicts.Untold, id="always one page",
        ),
        pytest.param(
            asked(STUMBLES, silent_control=FAULT, shown=FORM, shown_control=FORM, faulty=SCOPE, faulty_control=FAULT),
            None, verdicts.Registered, id="one page, but an error comes back to the redirect URI",
        ),
        pytest.param(
            asked(FORM, silent_control=FORM, shown=FORM, shown_control=FORM, faulty=SCOPE, faulty_control=SCOPE),
            None, verdicts.Untold, id="errors come back to an invented redirect URI as well",
        ),
        pytest.param(
            asked(FORM, silent_control=FORM, shown=FORM, shown_control=FORM, faulty=FORM, faulty_control=FORM),
            None, verdicts.Untold, id="one page, whatever is asked",
        ),
        pytest.param(
            asked(FAULT, silent_control=FAULT, shown=FAULT, shown_control=FAULT, client_control=OTHER, as_object=BACK),
            PushProbe(method="", answer=PUSH_URI, redirect_uri=PUSH_URI, client=PUSH_CLIENT), verdicts.OnlyAsObject,
            id="the same request is accepted as a request object",
        ),
        pytest.param(
            asked(FAULT, silent_control=FAULT, shown=FAULT, shown_control=FAULT, client_control=OTHER, as_object=FAULT),
            None, verdicts.Unregistered, id="a request object gets the same page",
        ),
        pytest.param(
            asked(FORM, silent_control=FORM, shown=FORM, shown_control=FORM),
            PushProbe(method="", answer=None, redirect_uri=PUSH_URI), verdicts.Registered,
            id="always one page, but a pushed request is accepted",
        ),
        pytest.param(
            asked(FORM, silent_control=FORM, shown=FORM, shown_control=FORM),
            PushProbe(method="", answer=None), verdicts.Untold, id="pushed requests are accepted with any redirect URI",
        ),
        pytest.param(
            asked(FORM, silent_control=FORM, shown=FORM, shown_control=FORM),
            PushProbe(method="", answer=PUSH_URI, redirect_uri=PUSH_URI, client=PUSH_CLIENT), verdicts.Unregistered,
            id="a pushed request is refused as the invented one is",
        ),
        pytest.param(
            asked(FORM, silent_control=FORM, shown=FORM, shown_control=FORM),
            PushProbe(method="", answer=PUSH_CLIENT, redirect_uri=PUSH_CLIENT, client=PUSH_CLIENT), verdicts.Untold,
            id="pushed requests are refused for the client",
        ),
        pytest.param(asked(BACK), PushProbe(method="", answer=MOVED), verdicts.Registered, id="announced, but not there"),
        pytest.param(
            asked(FAULT, silent_control=FAULT, shown=FAULT, shown_control=FAULT, client_control=OTHER), None,
            verdicts.Unregistered, id="an invented redirect URI has the same page",
        ),
        pytest.param(
            asked(OTHER, silent_control=FAULT, shown=OTHER, shown_control=FAULT, client_control=OTHER), None,
            verdicts.UnknownClient, id="an invented client has the same page",
        ),
        pytest.param(
            asked(FAULT, silent_control=FAULT, shown=FAULT, shown_control=FAULT, client_control=FAULT), None,
            verdicts.UnknownEither, id="one page for both",
        ),
        pytest.param(
            asked(STUMBLES, silent_control=STUMBLES, shown=STUMBLES, shown_control=STUMBLES, client_control=STUMBLES),
            None, verdicts.Failing, id="500, always",
        ),
        pytest.param(
            asked(FAULT, silent_control=OTHER, shown=FAULT, shown_control=OTHER, client_control=OTHER), None,
            verdicts.OtherError, id="another reason",
        ),
        pytest.param(asked(DOWN), None, verdicts.Unreachable, id="down"),
    ],
)  # fmt: skip
def test_what_the_answers_prove(request_probe: RequestProbe, push: PushProbe | None, verdict: type) -> None:
    probes = ClientProbes(token=TOKEN, request=request_probe, push=push)
    assert type(verdicts.redirect_uri(probes)) is verdict


@pytest.mark.parametrize(
    ("visit", "is_one"),
    [
        (FORM, False),
        (page(400), True),
        (page(200, "Error"), True),
        (page(200, "Terrors of the deep"), False),
        (page(200, error="invalid_client"), True),
        (sent_to(f"{ISSUER}/login"), False),
        (sent_to(f"{ISSUER}/oauth/error?x=1"), True),
        (sent_to(f"{ISSUER}/?authError=abc"), True),
        (sent_to(f"{ISSUER}/login?next=error"), False),
        (sent_to(f"{ISSUER}/login", then=page(500)), True),
    ],
)
def test_an_error_is_told_by_status_address_and_title(visit: Visit, is_one: bool) -> None:
    assert is_error(visit) is is_one


def test_an_error_is_never_a_proof_however_it_differs() -> None:
    assert not proves(FAULT, OTHER)
    assert not proves(FORM, page(200, "Log in", "Another greeting"))
    assert not proves(DOWN, FAULT)
    assert not proves(FORM, DOWN)
    assert proves(FORM, page(200, "Pick an account"))


def test_what_changes_from_request_to_request_does_not_count() -> None:
    assert alike(page(400, "Error", "Reference 81ab7"), page(400, "Error", "Reference 17ff0"))
    control = invented_redirect_uri(REDIRECT_URI)
    there = Visit(redirect_uri=control, responses=page(400, "Error", f"No {control}").responses, sent=("romm", control))
    assert alike(page(400, "Error", f"No {REDIRECT_URI}"), there)
    assert not alike(page(400, "Error", "No client"), page(400, "Error", "No such address"))
    assert masked("a 1 b 22", ()) == "a # b #"
    assert alike(sent_to(f"{ISSUER}/login;jsessionid=AAAA"), sent_to(f"{ISSUER}/login;jsessionid=BBBB"))


def test_the_reason_is_quoted_whole() -> None:
    assert str(words(COMPLETION)) == "invalid_request (Bad. No such URI.)"
    assert str(words(page(400, "Oh no", "Oh no Client not found."))) == "“Oh no Client not found.”"
    assert str(words(FORM)) == "“Log in”"
    assert str(words(page(204))) == ""
    fosite = page(400, error="invalid_request")
    long = ProbeResponse(
        status=400, content_type="", error="invalid_request", description=f"{'fixed ' * 60}The reason is here."
    )
    assert "The reason is here." in str(words(Visit(redirect_uri=fosite.redirect_uri, responses=(long,))))


@pytest.mark.parametrize(
    ("location", "is_followed"),
    [
        (f"{ISSUER}/login", True),
        ("https://elsewhere.example/login", False),
        (f"{ISSUER.replace('https', 'http')}/login", False),
        (f"{REDIRECT_URI}?code=1", False),
        (None, False),
    ],
)
def test_redirects_are_followed_within_the_providers_own_origin(location: str | None, is_followed: bool) -> None:
    response = ProbeResponse(status=302, content_type="", location=location)
    assert (follow(response, REDIRECT_URI, f"{ISSUER}/authorize") is not None) is is_followed
    ours = ProbeResponse(status=302, content_type="", location=f"{ISSUER}/callback?code=1")
    assert follow(ours, f"{ISSUER}/callback", f"{ISSUER}/authorize") is None, "RomM may share the provider's origin"
