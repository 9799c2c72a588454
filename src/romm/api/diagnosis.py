"""What the doctor finds, for admins and their programs."""

from litestar import Router, get
from litestar.di import NamedDependency

from romm.api.openapi import SIGNED_IN, gives, refuses
from romm.api.schemas import FINDING_EXAMPLE, FindingSchema, finding_schema
from romm.credentials import Principal
from romm.diagnosis import Doctor
from romm.domain.errors import Code


@get(
    "/diagnosis",
    opt={"scope": "users.read"},
    summary="Examine the OpenID configuration",
    responses=gives(200, list[FindingSchema], "One finding per check, in order.", [FINDING_EXAMPLE])
    | refuses(Code.NOT_SIGNED_IN, Code.CREDENTIALS_WRONG, Code.TOO_MANY_ATTEMPTS, Code.FORBIDDEN),
    security=SIGNED_IN,
)
async def diagnosis(
    principal: NamedDependency[Principal],  # noqa: ARG001  (to ask for it is to be guarded by the scope)
    doctor: NamedDependency[Doctor],
) -> list[FindingSchema]:
    """What `romm doctor` prints, found anew at every request: the provider is asked, nobody is signed in."""
    return [finding_schema(finding) async for finding in doctor.findings()]


router = Router("/api/oidc", route_handlers=[diagnosis], tags=["Single sign-on"])
