"""What a start checks before any process: the settings of every part, and that their ports are free and differ."""

import os
from collections.abc import Iterator, Mapping

from flexura_auth.settings import AuthSettings
from flexura_edge.settings import EdgeSettings
from flexura_jobs.settings import JobsSettings, WebhooksSettings
from flexura_kit.settings import Settings, SettingsT, read, variable_names
from flexura_kit.startup import SettingsError, os_fault
from flexura_local.parts import METRICS_LISTEN, Part, Plan
from flexura_local.ports import who_listens, why_not_free
from flexura_local.settings import LocalSettings
from flexura_media_worker.settings import MediaWorkerSettings
from flexura_search.settings import SearchSettings

SETTINGS: dict[str, type[Settings]] = {
    "auth": AuthSettings,
    "search": SearchSettings,
    "jobs": JobsSettings,
    "media-worker": MediaWorkerSettings,
    "edge": EdgeSettings,
    "webhooks": WebhooksSettings,
}
CHOSEN_BY = {"FLEXURA_LISTEN": "FLEXURA_PORT chooses the port", "FLEXURA_SPOOL_DIR": "it lies in FLEXURA_HOME"}


def own_settings(environment: Mapping[str, str] = os.environ) -> LocalSettings:
    """Reads the settings of `make run`; raises SettingsError also for those of a service that it decides itself."""
    known = set(variable_names(LocalSettings))
    of_services = {name for settings_type in SETTINGS.values() for name in variable_names(settings_type)} - known
    decided = [name for name in environment if name.upper() in of_services]
    problems = [decided_here(name.upper()) for name in decided]
    others = {name: value for name, value in environment.items() if name not in decided}
    try:
        settings = read(LocalSettings, others)
    except SettingsError as error:
        raise SettingsError("\n".join([*problems, str(error)])) from None
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def decided_here(name: str) -> str:
    how = f" ({CHOSEN_BY[name]})" if name in CHOSEN_BY else ""
    return (
        f"{name}: `make run` decides this setting of its services itself{how}; unset it, or start the services"
        " one by one with settings of your own (docs/operations.md)"
    )


def check_parts(plan: Plan, settings: LocalSettings) -> None:
    """Reads the settings of each part as it will; raises SettingsError with a line for each variable that is wrong."""
    lines: dict[str, str] = {}
    for part in plan.parts:
        for line in refused_lines(part, settings):
            # Two parts may refuse the same variable: one sentence is enough.
            lines.setdefault(line.partition(":")[0], line)
    if lines:
        raise SettingsError("\n".join(lines.values()))


def refused_lines(part: Part, settings: LocalSettings) -> list[str]:
    if part.name not in SETTINGS:
        return []
    try:
        read_part(SETTINGS[part.name], part)
        if part.name == "jobs":
            check_catalog(settings)
    except SettingsError as error:
        return str(error).splitlines()
    return []


def read_part(settings_type: type[SettingsT], part: Part) -> None:
    settings = read(settings_type, part.settings)
    if isinstance(settings, MediaWorkerSettings):
        from flexura_media_worker.providers import provider_names  # noqa: PLC0415

        provider_names(settings.providers)


def check_catalog(settings: LocalSettings) -> None:
    """Reads the catalog as jobs does, where it or the providers are not those that come along."""
    usual = LocalSettings.model_fields
    if settings.catalog_file is None and settings.providers == usual["providers"].default:
        return
    # Only here: it is slow to load, and most starts do not need it.
    from flexura_jobs.catalog import deployed_models  # noqa: PLC0415

    names = [name.strip() for name in settings.providers.split(",") if name.strip()]
    deployed_models(settings.catalog_file, names)


def check_ports(plan: Plan, settings: LocalSettings) -> None:
    """Raises SettingsError where a port for metrics is also the edge's, or is held by something else."""
    listens = list(metrics_addresses(plan))
    ports = [port for _, port in listens]
    if settings.port in ports:
        raise SettingsError(
            f"{METRICS_LISTEN}: its {len(ports)} ports {ports[0]} to {ports[-1]} include {settings.port}, which is"
            f" FLEXURA_PORT; choose a first port outside {settings.port - len(ports) + 1} to {settings.port}"
        )
    for host, port in listens:
        if error := why_not_free(port, host):
            listener = who_listens(port)
            by = f" (by {listener})" if listener else ""
            raise SettingsError(
                f"{METRICS_LISTEN}: metrics cannot be served on {host}:{port}: {os_fault(error)}{by}; choose an"
                f" address of this machine and {len(ports)} ports in a row that are free"
            )


def metrics_addresses(plan: Plan) -> Iterator[tuple[str, int]]:
    for part in plan.parts:
        host, _, port = part.settings.get(METRICS_LISTEN, "").rpartition(":")
        if port:
            yield host, int(port)
