"""The doctor over HTTP."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from romm.api.diagnosis.schemas import FINDING_EXAMPLE, FindingSchema, finding_schema
from romm.api.openapi.operations import FOR_APPS, UNAUTHORIZED, gives, needs, refuses
from romm.credentials.principal import Principal, actor
from romm.diagnosis.doctors import Doctors
from romm.domain.errors import Code

ExaminedProviderId = Annotated[
    str | None, QueryParameter(name="provider", description="the id of one of several providers; all without it")
]


@get(
    "/diagnosis",
    **needs("users.read", **FOR_APPS),
    summary="Examine the OpenID configuration",
    responses=gives(200, list[FindingSchema], "One finding per check, in order.", [FINDING_EXAMPLE])
    | refuses(Code.OIDC_OFF, *UNAUTHORIZED),
)
async def diagnosis(
    principal: NamedDependency[Principal],
    doctors: NamedDependency[Doctors],
    provider: ExaminedProviderId = None,
) -> list[FindingSchema]:
    """What `romm doctor` prints, examined anew at each request. Contacts the providers; signs no one in. A link of another
    site does not lead here.
    """
    return [finding_schema(finding) async for finding in doctors.findings(actor(principal), provider)]


router = Router("/api/oidc", route_handlers=[diagnosis], tags=["Single sign-on"])
