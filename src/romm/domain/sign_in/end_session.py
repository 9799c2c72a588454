"""Where to send a browser so that the provider ends its session too (OpenID Connect RP-Initiated Logout 1.0, 2)."""

from msgspec import Struct

from romm.domain.sign_in.discovery import Metadata
from romm.domain.urls import with_query


class EndSession(Struct, frozen=True, kw_only=True):
    """The operator's wishes. An empty endpoint means the discovered one; an empty return address is not sent."""

    enabled: bool
    endpoint: str = ""
    post_logout_redirect_uri: str = ""


def end_session_url(
    wishes: EndSession, metadata: Metadata | None, *, client_id: str, id_token: str | None, state: str
) -> str | None:
    """The provider's end-session URL for this session, None when signing out here is all that can or shall be done."""
    endpoint = wishes.endpoint or (metadata and metadata.end_session_endpoint)
    if not wishes.enabled or id_token is None or not endpoint:
        return None
    parameters = {"id_token_hint": id_token, "client_id": client_id}
    if wishes.post_logout_redirect_uri:
        parameters |= {"post_logout_redirect_uri": wishes.post_logout_redirect_uri, "state": state}
    return with_query(endpoint, parameters)
