"""What is not named yet at real servers, with the reason. An entry whose scenario passes fails the test: take it out."""

TWICE = (
    "one cause is told as two: beside the true finding, the redirect URI (or the signing keys) is called wrong as well"
)
SECRET_BLAMED = (
    "the redirect URI is wrong, and the secret is blamed too, because the token endpoint says invalid_client for both"
)
WORDS = "words in the place of error codes are not understood, and the pushed request is not asked for"
PROMPT_NONE = "the server does not answer prompt=none by the book, and is not asked a second time without it"
BEHIND_LOG_IN = "the way to the log-in form is taken for a registered redirect URI"
UNANNOUNCED = "scopes or claims that are not announced are remarked, though the server takes the request"
ONLY_THERE = "the server shows its refusal on a page of its own, and the log's hint does not say what it may be there"
FORWARDED = "a 400 of Authelia does not lead to the headers that its proxy has to send"
ONLY_WARNS = "every sign-in fails, and the doctor only warns"
SCOPE_OF_TOKEN = "WWW-Authenticate: insufficient_scope is not read at UserInfo"
GRANT_TYPES = "Authentik's Grant Types are not named"

GAPS: dict[str, str] = {}
