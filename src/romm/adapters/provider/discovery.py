"""The discovery document. Follows redirects within its origin, as Nextcloud needs.

Another origin could name any issuer's endpoints (RFC 9700, 4.12).
"""

from collections.abc import Callable
from urllib.parse import urldefrag, urljoin

from romm.adapters.provider.transport import Answer, BoundedClient
from romm.domain import hosts
from romm.domain.errors import Code, Refused


class DiscoveryDocument:
    """`limit` is in seconds. Follows one redirect and uses its target until `forget`."""

    def __init__(self, client: BoundedClient, limit: float, clock: Callable[[], float]) -> None:
        self._client = client
        self._limit = limit
        self._clock = clock
        self._target: str | None = None

    async def fetch(self, url: str) -> Answer:
        """Raises as `BoundedClient.send`."""
        ends_at = self._clock() + self._limit
        if self._target is None:
            answer = await self._client.send("GET", url, limit=self._limit, redirects=True)
            if answer.location is None:
                return answer
            self._target = _within(url, answer)
        return await self._client.send("GET", self._target, limit=max(0, ends_at - self._clock()))

    def forget(self) -> None:
        self._target = None


def _within(url: str, answer: Answer) -> str:
    """Raises `Refused` for another origin than `url`'s."""
    location = answer.location or ""
    try:
        target = urldefrag(urljoin(url, location)).url
    except ValueError:  # brackets without an IPv6 address
        target = ""
    if hosts.origin(target) is None or hosts.origin(target) != hosts.origin(url):
        without_query = location.partition("?")[0]
        problem = f"{answer.status} to {without_query}, and redirects are not followed to another origin"
        raise Refused(Code.PROVIDER_ANSWER_INVALID, url=answer.url, problem=problem)
    return target
