"""What is not named yet at real servers, with the reason. An entry whose scenario passes fails the test: take it out."""

TWICE = "one cause is told as two: the redirect URI is called wrong as well"
BEHIND_LOG_IN = "with prompt=none and without, an unregistered redirect URI looks like an invented one: the log-in form"

GAPS: dict[str, str] = {
    "keycloak-26-disabled": TWICE,
    "hydra-2.3-client_id": TWICE,
    "spring-authorization-server-1.5-redirect_uri": BEHIND_LOG_IN,
}
