"""The doctor over HTTP."""

from litestar import Router, get
from litestar.di import NamedDependency

from romm.api.diagnosis.schemas import FINDING_EXAMPLE, FindingSchema, finding_schema
from romm.api.http.openapi import UNAUTHORIZED, gives, needs, refuses
from romm.credentials.principal import Principal, actor
from romm.diagnosis.doctor import Doctor


@get(
    "/diagnosis",
    **needs("users.read"),
    summary="Examine the OpenID configuration",
    responses=gives(200, list[FindingSchema], "One finding per check, in order.", [FINDING_EXAMPLE])
    | refuses(*UNAUTHORIZED),
)
async def diagnosis(
    principal: NamedDependency[Principal],
    doctor: NamedDependency[Doctor],
) -> list[FindingSchema]:
    """What `romm doctor` prints, examined anew at each request. Contacts the provider; signs no one in."""
    return [finding_schema(finding) async for finding in doctor.findings(actor(principal))]


router = Router("/api/oidc", route_handlers=[diagnosis], tags=["Single sign-on"])
