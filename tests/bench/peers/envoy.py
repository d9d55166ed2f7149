"""Envoy's gRPC-JSON transcoder before the same jobs service: what a platform team would pick without us."""

import subprocess
import sys
from pathlib import Path

import yaml

SERVICE = "flexura.jobs.v1.JobsService"
PROGRAMS = Path(sys.executable).parent
PROTOS = Path(__file__).parents[3] / "protos"
NETWORK = "envoy.extensions.filters.network"
FILTERS = "envoy.extensions.filters.http"


def command(folder: Path, port: int, jobs_socket: str) -> list[str]:
    """Writes the configuration into the folder and answers how to start Envoy with it."""
    descriptors = folder / "descriptors.pb"
    subprocess.run([PROGRAMS / "buf", "build", "--as-file-descriptor-set", "-o", descriptors], cwd=PROTOS, check=True)
    file = folder / "envoy.yaml"
    file.write_text(yaml.safe_dump(configuration(descriptors, port, jobs_socket)))
    return [str(PROGRAMS / "envoy"), "-c", str(file), "--use-dynamic-base-id", "--log-level", "error"]


def configuration(descriptors: Path, port: int, jobs_socket: str) -> dict[str, object]:
    transcoder = {
        "@type": f"type.googleapis.com/{FILTERS}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "proto_descriptor": str(descriptors),
        "services": [SERVICE],
        "auto_mapping": True,
    }
    router = {"@type": f"type.googleapis.com/{FILTERS}.router.v3.Router"}
    manager = {
        "@type": f"type.googleapis.com/{NETWORK}.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "jobs",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "jobs",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "jobs", "timeout": "10s"}}],
                }
            ]
        },
        "http_filters": [
            {"name": "envoy.filters.http.grpc_json_transcoder", "typed_config": transcoder},
            {"name": "envoy.filters.http.router", "typed_config": router},
        ],
    }
    protocol = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    cluster = {
        "name": "jobs",
        "connect_timeout": "2s",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": protocol,
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "jobs",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": jobs_socket}}}}]}],
        },
    }
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}
