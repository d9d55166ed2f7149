"""The parts of an installation: what each one is started with and how one sees that it is ready."""

import dataclasses
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flexura_local.child import Child
from flexura_local.home import Home
from flexura_local.nats import Broker
from flexura_local.readiness import FullDisk, RefusesCanary, RefusesOthers, Restarts, http_ready, says_ready
from flexura_local.s3 import BUCKET, Store
from flexura_local.settings import LocalSettings

NATS_USER = "flexura"
OWN_PREFIX = "FLEXURA_"
METRICS_LISTEN = "FLEXURA_METRICS_LISTEN"
WORKER_GRACE_S = 9.0  # The worker gives reports under way 8 seconds.
STORE_GRACE_S = 2.0  # Asked to stop, it ends its volumes first, and its filer then waits for them in vain.

# Of our own environment a child gets these and what its part names, nothing else: a stray AWS_ACCESS_KEY_ID would
# open the store to a second user.
PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Part:
    """A program of the installation."""

    name: str
    where: str
    command: list[str]
    why_not_ready: Callable[[Child], Awaitable[str | None]]
    settings: dict[str, str] = field(default_factory=dict)
    needs_first_key: bool = False
    """Whether it is started only once there is a first key, so that who finds it ready finds the key too."""
    stop_grace_s: float = 4.0
    port: int | None = None
    """Where on loopback it takes connections from when it is ready until it ends."""
    socket: Path | None = None
    """Where on this machine it takes connections from when it is ready until it ends."""
    why_useless: Sequence[Callable[[Child], Awaitable[str | None]]] = ()
    """Each says why it must be started again though it runs and takes connections."""
    user: str = ""
    """The part that uses it, and whose impairments tell whether it is of use."""
    why_useless_to_user: Callable[[Child, str, frozenset[str]], str | None] = lambda *_: None
    """Says why it must be started again, from the impairments of its user."""
    deaf_s_max: float = 3.0
    """Seconds after which one that lives and refuses connections there is killed."""
    steady_s: float = 5.0
    """Seconds for which it must have been ready for its death to count as the first again."""

    @property
    def is_ours(self) -> bool:
        """Whether it is a service of Flexura, whose exit status says why it ended."""
        return self.command[0] == sys.executable

    @property
    def is_forked(self) -> bool:
        """Whether it can begin as a fork: a module of ours, with nothing of its own that Python reads at its start."""
        return self.command[:2] == [sys.executable, "-m"] and all(name.startswith(OWN_PREFIX) for name in self.settings)

    @property
    def environment(self) -> dict[str, str]:
        return passed_on() | self.settings


def passed_on() -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


@dataclass(frozen=True)
class Plan:
    """All parts, stage after stage: they start side by side, and a stage stops before the one above it."""

    stages: tuple[tuple[Part, ...], ...]
    auth_target: str
    public_url: str
    local_url: str

    @property
    def parts(self) -> list[Part]:
        return [part for stage in self.stages for part in stage]


def plan(settings: LocalSettings, home: Home, hosts: list[str]) -> Plan:
    """Decides on everything; prepares the files of the broker and the store."""
    nats_port, s3_ports = home.ports(spoken_for={settings.port, *settings.metrics.ports})
    broker = Broker(home.folder / "nats", nats_port, NATS_USER, home.secret("nats-password"))
    store = Store(
        home.folder / "s3", home.sockets, s3_ports, home.secret("s3-access-key"), home.secret("s3-secret-key")
    )
    broker.prepare()
    store.prepare()
    own = own_parts(settings, home, hosts, reaching_broker(home, broker), reaching_store(home, store))
    measurable = tuple(measured(part, settings, number) for number, part in enumerate(own))
    return Plan(
        stages=((broker_part(broker), store_part(store)), measurable[:3], measurable[3:]),
        auth_target=target(home, "auth"),
        public_url=settings.public_url or local_url(settings),
        local_url=local_url(settings),
    )


def own_parts(
    settings: LocalSettings, home: Home, hosts: list[str], bus: dict[str, str], blobs: dict[str, str]
) -> list[Part]:
    common = {"FLEXURA_LOG_LEVEL": settings.log.level, "FLEXURA_LOG_FORMAT": "json"}
    public = {"FLEXURA_PUBLIC_URL": settings.public_url or local_url(settings)}
    webhooks = {
        "FLEXURA_WEBHOOKS_KEY_FILE": str(home.secret_file("webhook-key")),
        "FLEXURA_WEBHOOKS_NETWORKS": settings.webhooks.networks,
    }
    jobs = bus | blobs | webhooks | database(home, "jobs") | offered(settings) | limited(settings)
    return [
        rpc_part(home, "auth", common | bus | database(home, "auth")),
        rpc_part(home, "search", common | bus | searching(home, settings)),
        rpc_part(home, "jobs", common | jobs),
        worker_part(home, settings, common | bus | blobs),
        edge_part(home, settings.port, hosts, common | bus | blobs | public | pages(settings)),
        webhooks_part(common | webhooks | database(home, "jobs") | public),
    ]


def pages(settings: LocalSettings) -> dict[str, str]:
    return {"FLEXURA_CORS_ORIGINS": settings.cors_origins}


def reaching_broker(home: Home, broker: Broker) -> dict[str, str]:
    return {
        "FLEXURA_NATS_URL": broker.url,
        "FLEXURA_NATS_USER": broker.user,
        "FLEXURA_NATS_PASSWORD_FILE": str(home.secret_file("nats-password")),
    }


def reaching_store(home: Home, store: Store) -> dict[str, str]:
    return {
        "FLEXURA_S3_ENDPOINT": store.endpoint,
        "FLEXURA_S3_BUCKET": BUCKET,
        "FLEXURA_S3_SECURE": "true",
        "FLEXURA_S3_CA_FILE": str(store.certificate_file),
        "FLEXURA_S3_CERTIFICATE_FILE": str(store.certificate_file),
        "FLEXURA_S3_SYNC_DIR": str(store.data),
        "FLEXURA_S3_ACCESS_KEY_FILE": str(home.secret_file("s3-access-key")),
        "FLEXURA_S3_SECRET_KEY_FILE": str(home.secret_file("s3-secret-key")),
    }


def local_url(settings: LocalSettings) -> str:
    return f"http://localhost:{settings.port}"


def broker_part(broker: Broker) -> Part:
    async def why_not_ready(_: Child) -> str | None:
        return await broker.why_not_ready()

    disk = FullDisk(broker.folder)
    command = broker.command()
    refusing = RefusesOthers(Restarts(broker.folder), "hints")
    return Part(
        "nats",
        broker.url,
        command,
        why_not_ready,
        port=broker.port,
        why_useless=(disk.why_useless,),
        user="jobs",
        why_useless_to_user=refusing.why_useless,
    )


def store_part(store: Store) -> Part:
    async def why_not_ready(_: Child) -> str | None:
        return await store.why_not_ready()

    where, port, disk = f"https://{store.endpoint}", store.ports["s3"], FullDisk(store.folder)
    refusing = RefusesCanary(Restarts(store.folder), store.why_refused)
    return Part(
        "s3",
        where,
        store.command(),
        why_not_ready,
        store.environment,
        stop_grace_s=STORE_GRACE_S,
        port=port,
        why_useless=(disk.why_useless, refusing.why_useless),
    )


def rpc_part(home: Home, name: str, settings: dict[str, str]) -> Part:
    socket = home.sockets / f"{name}.sock"
    settings = settings | {"FLEXURA_RPC_LISTEN": target(home, name), "FLEXURA_RPC_GRACE_S": "2"}
    return Part(name, shown(socket), module(f"flexura_{name}"), says_ready, settings, socket=socket)


def worker_part(home: Home, settings: LocalSettings, shared: dict[str, str]) -> Part:
    own = {
        "FLEXURA_JOBS_TARGET": target(home, "jobs"),
        "FLEXURA_SLOTS": str(settings.slots),
        "FLEXURA_SPOOL_DIR": str(home.spool),
        "FLEXURA_PROVIDERS": settings.providers,
    }
    where = f"{settings.slots} slot{'s' if settings.slots > 1 else ''}"
    worker = module("flexura_media_worker")
    return Part("media-worker", where, worker, says_ready, shared | own, stop_grace_s=WORKER_GRACE_S)


def edge_part(home: Home, port: int, hosts: list[str], shared: dict[str, str]) -> Part:
    async def why_not_ready(child: Child) -> str | None:
        # Asked itself first: what answers on the port may be somebody else.
        return child.why_not_ready() or await http_ready(port)

    own = {
        "FLEXURA_LISTEN": ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in hosts),
        "FLEXURA_AUTH_TARGET": target(home, "auth"),
        "FLEXURA_JOBS_TARGET": target(home, "jobs"),
        "FLEXURA_SEARCH_TARGET": target(home, "search"),
        "FLEXURA_EVENT_TOKEN_KEY_FILE": str(home.secret_file("event-token-key")),
        "FLEXURA_DRAIN_S": "0.2",  # Nobody could be sent to another edge: there is none.
        "FLEXURA_GRACE_S": "2",
    }
    where, command = f"http://localhost:{port}", module("flexura_edge")
    return Part("edge", where, command, why_not_ready, shared | own, needs_first_key=True)


def webhooks_part(settings: dict[str, str]) -> Part:
    settings = settings | {"FLEXURA_GRACE_S": "2"}
    command = module("flexura_jobs.webhooks")
    return Part("webhooks", "to receivers outside", command, says_ready, settings)


def measured(part: Part, settings: LocalSettings, number: int) -> Part:
    """The part with a metrics port of its own, where metrics are asked for."""
    if not settings.metrics.listen:
        return part
    host = settings.metrics.listen.rpartition(":")[0]
    own = {METRICS_LISTEN: f"{host}:{settings.metrics.ports[number]}"}
    return dataclasses.replace(part, settings=part.settings | own)


def database(home: Home, service: str) -> dict[str, str]:
    return {"FLEXURA_DATABASE_URL": home.database_url(service)}


def offered(settings: LocalSettings) -> dict[str, str]:
    own = {"FLEXURA_CATALOG_FILE": str(settings.catalog_file.absolute())} if settings.catalog_file else {}
    return own | {
        "FLEXURA_PROVIDERS": settings.providers,
        "FLEXURA_SUBSTITUTION": str(settings.substitution).lower(),
    }


def searching(home: Home, settings: LocalSettings) -> dict[str, str]:
    own = {
        "FLEXURA_CONTINUATION_KEY_FILE": str(home.secret_file("continuation-key")),
        "FLEXURA_KEYLESS": settings.keyless,
        "FLEXURA_SEARCHES_OF_ACCOUNT_MAX": str(settings.searches_of_account_max),
    }
    for name in ("searxng", "brave", "tavily", "exa", "reader"):
        for field_name, value in getattr(settings, name):
            text = str(value.absolute()) if isinstance(value, Path) else value
            own |= {f"FLEXURA_{name}_{field_name}".upper(): text} if text else {}
    return own


def limited(settings: LocalSettings) -> dict[str, str]:
    return {
        "FLEXURA_QUEUED_OF_ACCOUNT_MAX": str(settings.queued_of_account_max),
        "FLEXURA_QUEUED_MAX": str(settings.queued_max),
        "FLEXURA_RETENTION_DAYS": str(settings.retention_days),
    }


def target(home: Home, service: str) -> str:
    return f"unix:{home.sockets / service}.sock"


def module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def shown(path: Path) -> str:
    """The path as seen from here, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
