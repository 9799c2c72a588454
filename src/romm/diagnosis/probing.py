"""Asks the provider about RomM's client: its own requests first, then the controls that tell their answers apart.

RomM's own redirect URI comes first: a provider with an empty list keeps the first that it sees (Authentik).
"""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from msgspec import json
from msgspec.structs import replace

from romm.credentials.secrets import url_secret
from romm.domain.diagnosis import verdicts, visits
from romm.domain.diagnosis.evidence import (
    INVENTED_CLIENT,
    INVENTED_CODE,
    INVENTED_SCOPE,
    Credentials,
    Discovered,
    ProbeResponse,
)
from romm.domain.diagnosis.probes import ClientProbes, PushProbe, RequestProbe, TokenProbe
from romm.domain.diagnosis.verdicts import UnknownEither, Unregistered
from romm.domain.diagnosis.visits import Visit
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.sign_in import authorization
from romm.domain.sign_in.client_methods import BASIC, NONE, POST, SECRET_JWT
from romm.domain.sign_in.discovery import Metadata
from romm.ports.diagnosis import Probe
from romm.sign_in.openid.authorization_requests import may_be_pushed

T = TypeVar("T")

METHODS = (BASIC, POST, NONE)
_WITH_SECRET = (BASIC, POST, SECRET_JWT)

_COMPARABLE = (Code.CODE_REJECTED, Code.TOKEN_RESPONSE_INVALID, Code.CLIENT_REJECTED)


async def attempt(work: Awaitable[T]) -> T | Refuse:
    try:
        return await work
    except Refused as refused:
        return Refuse(refused.code, refused.facts)


@dataclass(frozen=True, kw_only=True)
class Probing:
    """`state` comes back with the browser. `has_secret`: other methods are worth a try."""

    probe: Probe
    found: Discovered
    state: str
    has_secret: bool

    async def ask(self) -> ClientProbes:
        pushes = may_be_pushed(self.probe.client, self._metadata)
        push, request_uri = await self._push()
        token = await self._token(push)
        if pushes and (self._metadata.require_pushed_authorization_requests or not _is_missing(push)):
            request = await self._pushed_request(push, request_uri)
        else:
            request = await self._request()
        if self._has_unannounced_scopes and _is_accepted(push, request):
            request = replace(request, invented_scope=await self._accepts_invented_scope(push))
        probes = ClientProbes(token=token, request=request, push=push, pushes=pushes)
        if self._takes_unsigned_objects and isinstance(verdicts.redirect_uri(probes), Unregistered | UnknownEither):
            as_object = await self._visit(self._as_request_object(self._parameters(prompt="none")))
            return replace(probes, request=replace(request, as_object=as_object))
        return probes

    async def _push(self) -> tuple[PushProbe | None, str]:
        """With the first method that the provider reads: others get an invented client's answer."""
        if self._metadata.pushed_authorization_request_endpoint is None:
            return None, ""
        first: PushProbe | None = None
        for method in self._methods():
            probe, request_uri = await self._push_with(method)
            first = first or probe
            if not probe.refuses_client:
                return probe, request_uri
        return first, ""

    async def _push_with(self, method: str) -> tuple[PushProbe, str]:
        silent = self._parameters(prompt="none")
        answer = await attempt(self.probe.push(self._metadata, silent, method, Credentials.OWN))
        if isinstance(answer, str):
            control = await self._refusal(self._invented_redirect_uri(prompt="none"), method)
            return PushProbe(method=method, answer=None, redirect_uri=control), answer
        probe = PushProbe(method=method, answer=answer)
        if probe.is_absent:
            return probe, ""
        control = await self._refusal(silent, method, Credentials.INVENTED_CLIENT)
        if probe.rejects:
            return replace(probe, client=control), ""
        return PushProbe(
            method=method,
            answer=answer,
            client=control,
            redirect_uri=await self._refusal(self._invented_redirect_uri(prompt="none"), method),
            openid_only=await self._refusal({**silent, "scope": "openid"}, method) is None,
        ), ""

    async def _refusal(
        self, parameters: Mapping[str, str], method: str, credentials: Credentials = Credentials.OWN
    ) -> Refuse | None:
        answer = await attempt(self.probe.push(self._metadata, parameters, method, credentials))
        return answer if isinstance(answer, Refuse) else None

    async def _pushed_request(self, push: PushProbe | None, request_uri: str) -> RequestProbe:
        """Without an accepted one, the same request unpushed shows what the provider knows."""
        if push is None or push.answer is not None:
            return await self._request()
        pushed = {"client_id": self.probe.client.client_id, "request_uri": request_uri}
        return RequestProbe(silent=await self._visit(pushed))

    async def _request(self) -> RequestProbe:
        """With `prompt=none` success is `login_required`. Without a redirect back, ask again as at a sign-in."""
        silent = await self._visit(self._parameters(prompt="none"))
        found = RequestProbe(silent=silent)
        if isinstance(silent, Refuse) or silent.returned:
            return found
        found = replace(found, silent_control=await self._visit(self._invented_redirect_uri(prompt="none")))
        if found.is_proved:
            return found
        shown = await self._visit(self._parameters())
        found = replace(found, shown=shown, shown_control=await self._visit(self._invented_redirect_uri()))
        if isinstance(shown, Refuse) or shown.returned or found.is_proved:
            return found
        if not visits.is_error(shown):
            return await self._faulty_request(found)
        control = await self._visit({**self._parameters(), "client_id": INVENTED_CLIENT})
        return replace(found, client_control=control)

    async def _faulty_request(self, found: RequestProbe) -> RequestProbe:
        """To a provider that always shows its log-in first."""
        faulty = await self._visit(self._faulty(self._parameters(prompt="none")))
        control = await self._visit(self._faulty(self._invented_redirect_uri(prompt="none")))
        return replace(found, faulty=faulty, faulty_control=control)

    async def _visit(self, parameters: Mapping[str, str]) -> Visit | Refuse:
        endpoint, redirect_uri = self._metadata.authorization_endpoint, parameters.get("redirect_uri")
        sent = tuple(filter(None, (parameters["client_id"], redirect_uri, parameters.get("state"))))
        url: str | None = authorization.authorization_url(self._metadata, dict(parameters))
        responses: list[ProbeResponse] = []
        expected = redirect_uri or self.probe.client.redirect_uri
        while url is not None and len(responses) <= visits.MAX_HOPS:
            response = await attempt(self.probe.ask(url))
            if isinstance(response, Refuse):
                return response
            responses.append(response)
            url = visits.follow(response, expected, endpoint)
        return Visit(redirect_uri=expected, responses=tuple(responses), sent=sent)

    async def _token(self, push: PushProbe | None) -> TokenProbe:
        """An invented code. If the client is rejected, try the other methods."""
        try:
            method, *next_methods = self.probe.methods(self._metadata)
        except Refused as refused:
            return TokenProbe(method="", answer=Refuse(refused.code, refused.facts))
        answer = await self._exchange(method)
        if answer is None or answer.code not in _COMPARABLE:
            return TokenProbe(method=method, answer=answer)
        if answer.code is Code.CLIENT_REJECTED:
            for other in [each for each in METHODS if each != method] if self.has_secret else ():
                again = await self._exchange(other)
                if again is not None and again.code is Code.CODE_REJECTED:
                    return TokenProbe(method=method, answer=answer, accepted=other, automatic=other in next_methods)
        elif push and push.proves_client:
            return TokenProbe(method=method, answer=answer)
        secret = await self._exchange(method, Credentials.INVENTED_SECRET) if method in _WITH_SECRET else None
        client = await self._exchange(method, Credentials.INVENTED_CLIENT)
        return TokenProbe(method=method, answer=answer, secret=secret, client=client)

    async def _exchange(self, method: str, credentials: Credentials = Credentials.OWN) -> Refuse | None:
        answer = await attempt(self.probe.exchange(self._metadata, INVENTED_CODE, url_secret(), method, credentials))
        # Tokens without an ID token are tokens all the same.
        return answer if isinstance(answer, Refuse) and answer.code is not Code.ID_TOKEN_MISSING else None

    async def _accepts_invented_scope(self, push: PushProbe | None) -> bool:
        parameters = self._faulty(self._parameters(prompt="none"))
        if push is not None and push.answer is None:
            return await self._refusal(parameters, push.method) is None
        visit = await self._visit(parameters)
        return not (
            isinstance(visit, Visit) and ("invalid_scope" in (visit.last.location or "") or visits.is_error(visit))
        )

    @property
    def _takes_unsigned_objects(self) -> bool:
        return "none" in (self.found.announced.request_object_algorithms or ())

    @property
    def _has_unannounced_scopes(self) -> bool:
        announced = self.found.announced.scopes
        return announced is not None and not set(self.probe.client.scope.split()) <= set(announced)

    @property
    def _metadata(self) -> Metadata:
        return self.found.metadata

    def _methods(self) -> tuple[str, ...]:
        try:
            return self.probe.methods(self._metadata)
        except Refused:  # the token endpoint's check reports it
            return ()

    def _parameters(self, **more: str) -> dict[str, str]:
        by_redirect = replace(self.probe.client, response_mode="")  # a form would hide the answer
        secrets = {"state": self.state, "nonce": url_secret(), "code_verifier": url_secret()}
        return {**authorization.request_parameters(by_redirect, **secrets), **more}

    def _faulty(self, parameters: Mapping[str, str]) -> dict[str, str]:
        return {**parameters, "scope": f"{self.probe.client.scope} {INVENTED_SCOPE}"}

    def _as_request_object(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Unsigned (OpenID Connect Core 1.0, 6.1): all parameters, and beside it those that must stand there."""
        header, claims = (
            urlsafe_b64encode(json.encode(part)).rstrip(b"=").decode() for part in ({"alg": "none"}, parameters)
        )
        beside = {name: parameters[name] for name in ("client_id", "response_type", "scope")}
        return {**beside, "request": f"{header}.{claims}."}

    def _invented_redirect_uri(self, **more: str) -> dict[str, str]:
        redirect_uri = visits.invented_redirect_uri(self.probe.client.redirect_uri)
        return {**self._parameters(**more), "redirect_uri": redirect_uri}


def _is_missing(push: PushProbe | None) -> bool:
    """A sign-in goes on without pushing."""
    return push is None or (push.answer is not None and push.answer.code is Code.PROVIDER_ANSWER_INVALID)


def _is_accepted(push: PushProbe | None, request: RequestProbe) -> bool:
    return bool(request.returned) or request.is_proved or (push is not None and push.answer is None)
