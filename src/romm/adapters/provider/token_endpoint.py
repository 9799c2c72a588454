"""Responses of the endpoints for tokens and pushed requests.

Sources: RFC 6749, 5; OpenID Connect Core 1.0, 3.1.3.3; RFC 9126, 2.2 and 2.3.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from romm.adapters.provider.client_authentication import is_rejection, oauth_error
from romm.adapters.provider.transport import Answer
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.authorization import Client, provider_error
from romm.ports.provider import TokenResponse


class _Tokens(Struct):
    access_token: Annotated[str, Meta(pattern=r"\A[\x21-\x7e]+\Z")]  # RFC 6749, A.12: sent in a header
    token_type: Annotated[str, Meta(pattern=r"\A(?i:bearer)\Z")]
    id_token: str | None = None


def token_response(answer: Answer, client: Client, method: str) -> TokenResponse:
    """Raises `Refused` with a client, code, token response or ID token code."""
    if answer.status != 200:
        raise _token_refusal(answer, client, method)
    try:
        tokens = msgspec.convert(answer.json(Code.TOKEN_RESPONSE_INVALID), _Tokens)
    except msgspec.ValidationError as error:
        raise Refused(Code.TOKEN_RESPONSE_INVALID, url=answer.url, problem=str(error)) from error
    if not tokens.id_token:
        raise Refused(Code.ID_TOKEN_MISSING)
    return TokenResponse(access_token=tokens.access_token, unverified_id_token=tokens.id_token)


def request_uri(answer: Answer, client: Client, method: str) -> str:
    """Errors are those of the redirect."""
    error, description = oauth_error(answer)
    if is_rejection(answer):
        raise _client_rejected(answer, client, method)
    if answer.status != 201 and error:
        refuse = provider_error(error, description, client)
        raise Refused(refuse.code, **refuse.facts)
    found = answer.json(Code.PROVIDER_ANSWER_INVALID, status=201).get("request_uri")
    if not isinstance(found, str) or not found:
        raise Refused(Code.PROVIDER_ANSWER_INVALID, url=answer.url, problem="201 without a request_uri")
    return found


def _token_refusal(answer: Answer, client: Client, method: str) -> Refused:
    error, description = oauth_error(answer)
    if is_rejection(answer):
        return _client_rejected(answer, client, method)
    if error == "invalid_grant":
        facts = {"error": error, "description": description, "redirect_uri": client.redirect_uri}
        return Refused(Code.CODE_REJECTED, **facts)
    problem = (f"{error} ({description})" if description else error) or answer.summary
    return Refused(Code.TOKEN_RESPONSE_INVALID, url=answer.url, problem=problem)


def _client_rejected(answer: Answer, client: Client, method: str) -> Refused:
    error, description = oauth_error(answer)
    return Refused(
        Code.CLIENT_REJECTED,
        error=error or answer.summary,
        description=description,
        client_id=client.client_id,
        method=method,
    )
