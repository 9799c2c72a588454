"""What is not named yet at real servers, with the reason. An entry whose scenario passes fails the test: take it out."""

OTHER_REASON = (
    "a request that the server refuses for another reason, in the same words with an invented redirect URI, counts as not "
    "registered"
)
PUSHED_IS_ENOUGH = "the pushed request was accepted, and the sign-in request is still called unknown"
DIFFERS = "with prompt=none the server answers 500 to the registered and 400 to an invented redirect URI, and nothing is made of it"

GAPS: dict[str, str] = {
    "keycloak-26-request_object": OTHER_REASON,
    "pocket-id-2.9-healthy": PUSHED_IS_ENOUGH,
    "pocket-id-2.14-healthy": PUSHED_IS_ENOUGH,
    "django-oauth-toolkit-3.4-healthy": DIFFERS,
}
