"""What the doctor finds, for admins and their programs."""

from litestar import Router, get
from litestar.di import NamedDependency

from romm.api.diagnosis.schemas import FINDING_EXAMPLE, FindingSchema, finding_schema
from romm.api.http.openapi import UNAUTHORIZED, gives, needs, refuses
from romm.credentials.principal import Principal
from romm.diagnosis.doctor import Doctor


@get(
    "/diagnosis",
    **needs("users.read"),
    summary="Examine the OpenID configuration",
    responses=gives(200, list[FindingSchema], "One finding per check, in order.", [FINDING_EXAMPLE])
    | refuses(*UNAUTHORIZED),
)
async def diagnosis(
    principal: NamedDependency[Principal],  # noqa: ARG001  (asking for it is what guards the route)
    doctor: NamedDependency[Doctor],
) -> list[FindingSchema]:
    """What `romm doctor` prints, found anew at every request: the provider is asked, nobody is signed in."""
    return [finding_schema(finding) async for finding in doctor.findings()]


router = Router("/api/oidc", route_handlers=[diagnosis], tags=["Single sign-on"])
