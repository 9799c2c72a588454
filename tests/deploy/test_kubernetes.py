"""The manifests are valid, and the RomM in them starts, may do nothing but serve, and is asked at routes that there are."""

import re
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
from litestar.routes import HTTPRoute

from romm.api.routes import routes
from romm.composition import app
from tests.deploy.containerfile import DEPLOY
from tests.deploy.documents import IMAGE, documents, loaded
from tests.world import World

MANIFESTS = documents(DEPLOY / "kubernetes.yaml")
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


@cache
def manifest(kind: str) -> dict[str, Any]:
    (found,) = (each for each in MANIFESTS if each["kind"] == kind)
    assert isinstance(found, dict)
    return found


@cache
def pod() -> dict[str, Any]:
    found: dict[str, Any] = manifest("Deployment")["spec"]["template"]["spec"]
    return found


def containers() -> list[dict[str, Any]]:
    return [*pod()["initContainers"], *pod()["containers"]]


@pytest.mark.parametrize("each", MANIFESTS, ids=lambda each: str(each["kind"]))
def test_it_fits_the_schema_of_kubernetes(each: dict[str, Any]) -> None:
    kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_its_settings_are_complete_and_every_secret_is_read_from_a_file_that_is_mounted() -> None:
    environ = dict(manifest("ConfigMap")["data"])
    secrets = manifest("Secret")["stringData"]
    files = {name: value for name, value in environ.items() if name.endswith("_FILE")}
    (mounted,) = (each["mountPath"] for each in containers()[0]["volumeMounts"] if each["name"] == "secrets")
    assert sorted(files.values()) == [f"{mounted}/{name}" for name in sorted(secrets)]
    for name, path in files.items():
        environ[name.removesuffix("_FILE")] = secrets[path.removeprefix(f"{mounted}/")]
        del environ[name]
    settings = loaded(environ).settings
    assert settings.database.url.startswith("postgresql+asyncpg://")
    assert settings.oidc.client_secret == secrets["oidc-client-secret"]
    assert settings.server.base_url == f"https://{manifest('Ingress')['spec']['rules'][0]['host']}"


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_asks_at_a_route_and_the_port_of_the_image(probe: str) -> None:
    (container,) = pod()["containers"]
    asked = container[probe]["httpGet"]
    world = World()
    service = routes(app.app_dependencies(world.settings, world.ports), app.VERSION)
    assert asked["path"] in {route.path for route in service.routes if isinstance(route, HTTPRoute)}
    assert [each["containerPort"] for each in container["ports"] if each["name"] == asked["port"]] == [
        int(IMAGE.env["ROMM_PORT"])
    ]


def test_a_database_that_is_away_restarts_nothing() -> None:
    (container,) = pod()["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/api/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/api/health/ready"


def test_it_runs_as_the_user_of_the_image_without_rights_on_a_root_that_nothing_can_write() -> None:
    user, group = map(int, IMAGE.texts("USER")[0].split(":"))
    context = pod()["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["runAsNonRoot"]) == (user, group, True)
    for each in containers():
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert pod()["automountServiceAccountToken"] is False


def test_what_is_written_are_the_data_folder_and_temporary_files() -> None:
    for each in containers():
        written = [mount["mountPath"] for mount in each["volumeMounts"] if not mount.get("readOnly")]
        assert written == [*IMAGE.words("VOLUME"), "/tmp"]  # noqa: S108  (the container's own)


def test_everything_selects_the_same_pods() -> None:
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [manifest("Service")["spec"]["selector"]] + [
        manifest(kind)["spec"]["selector"]["matchLabels"] for kind in ("Deployment", "PodDisruptionBudget")
    ]
    assert all(each == labels for each in selectors)
    assert all(each["metadata"]["name"] == "romm" for each in MANIFESTS)


def test_the_process_may_end_by_itself_before_it_is_killed() -> None:
    (container,) = pod()["containers"]
    (waits,) = re.findall(r"\d+", " ".join(container["lifecycle"]["preStop"]["exec"]["command"]))
    assert int(waits) + 8 < pod()["terminationGracePeriodSeconds"]
