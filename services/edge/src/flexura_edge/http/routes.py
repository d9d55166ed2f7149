"""Which path and method is answered by which route."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from aiohttp import web

from flexura_edge.http.exchange import Route
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.nearest import nearest_name

SHOWN_CHARACTERS = 200
PARAMETER = "{}"  # Stands for a segment that takes what is there.
ABSOLUTE = re.compile(r"(?:(https?)|[a-z][a-z0-9+.-]*)://[^/?#]*", re.IGNORECASE)
ESCAPED_SLASH = re.compile("%(2f)", re.IGNORECASE)


class Routes:
    """Fixed paths are found at once; a path may have one parameter, which takes a segment, and one fixed part after.

    Paths with a parameter in more than one segment are few and looked through; their parameters are joined by a slash.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self.all = tuple(routes)
        self._fixed: dict[str, dict[str, Route]] = {}
        self._open: dict[tuple[str, str], dict[str, Route]] = {}
        self._deep: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            segments = tuple(PARAMETER if "{" in segment else segment for segment in route.path.split("/"))
            if segments.count(PARAMETER) > 1:
                self._deep.setdefault(segments, {})[route.method] = route
                continue
            prefix, brace, rest = route.path.partition("{")
            # What one segment takes is one parameter here, be it called by two names.
            suffix = rest.rpartition("}")[2]
            methods = self._open.setdefault((prefix, suffix), {}) if brace else self._fixed.setdefault(prefix, {})
            methods[route.method] = route
            if route.method == "GET":
                methods["HEAD"] = route  # RFC 9110, 9.3.2.

    def find(self, request: web.BaseRequest) -> tuple[Route, str]:
        """Answers the route and its parameter; raises where there is none."""
        path = path_of(request)
        methods, parameter = self._methods(path)
        route = methods.get(request.method)
        if route is None:
            raise method_not_allowed(request.method, path, sorted(methods)) if methods else not_found(path)
        return route, parameter

    def of_path(self, request: web.BaseRequest) -> dict[str, Route]:
        """The routes of a path by their methods; empty where there is none."""
        return self._methods(path_of(request))[0]

    def nearest(self, request: web.BaseRequest) -> FlexuraError:
        """Says that there is no such route, and which is nearest."""
        path = path_of(request)[:SHOWN_CHARACTERS]
        filled = {with_parameters_of(path, route.path): route.path for route in self.all}
        nearest = nearest_name(path, filled, similarity_min=0)
        return not_found(path, filled[nearest] if nearest else "")

    def _methods(self, path: str) -> tuple[dict[str, Route], str]:
        methods = self._fixed.get(path)
        if methods is not None:
            return methods, ""
        prefix, slash, parameter = path.rpartition("/")
        methods = self._open.get((prefix + slash, ""))
        if methods is None:
            suffix = slash + parameter
            prefix, slash, parameter = prefix.rpartition("/")
            methods = self._open.get((prefix + slash, suffix))
        if methods is None:
            return self._deep_methods(path)
        return (methods if parameter else {}), parameter

    def _deep_methods(self, path: str) -> tuple[dict[str, Route], str]:
        given = path.split("/")
        for segments, methods in self._deep.items():
            if len(segments) == len(given):
                pairs = list(zip(segments, given, strict=True))
                if all(part if segment == PARAMETER else part == segment for segment, part in pairs):
                    return methods, "/".join(part for segment, part in pairs if segment == PARAMETER)
        return {}, ""


def not_found(path: str, nearest: str = "") -> FlexuraError:
    shown = path[:SHOWN_CHARACTERS].encode(errors="replace").decode()
    told = f"the nearest is {nearest}" if nearest else "GET /api/openapi.json lists all"
    message = f"no route has the path {shown}; {told}"
    return FlexuraError(Kind.NOT_FOUND, Reason.ROUTE_NOT_FOUND, message, (), path=shown, nearest=nearest)


def with_parameters_of(path: str, template: str) -> str:
    """Fills a template with what the path has in the same places, so that only the fixed parts are compared."""
    given = path.split("/")
    parts = enumerate(template.split("/"))
    return "/".join(given[i] if "{" in part and i < len(given) else part for i, part in parts)


def path_of(request: web.BaseRequest) -> str:
    """The path without escapes, but for a slash: escaped, it parts nothing (RFC 3986, 2.2)."""
    path = request.raw_path.partition("?")[0]
    if not path.startswith("/"):
        path = path_of_absolute(path)
    return unquote(ESCAPED_SLASH.sub(r"%25\1", path)) if "%" in path else path


def path_of_absolute(target: str) -> str:
    """The path of an address, as clients send it to proxies; what is neither path nor address is as it was."""
    found = ABSOLUTE.match(target)
    if found is None:
        return target
    if found[1] is None:
        message = f"{target[:SHOWN_CHARACTERS]} is no address of http or https; send a path such as /api/jobs"
        raise FlexuraError(Kind.INVALID, Reason.BAD_REQUEST, message)
    return target[found.end() :] or "/"


def method_not_allowed(method: str, path: str, allowed: Sequence[str]) -> FlexuraError:
    return FlexuraError(
        Kind.INVALID,
        Reason.METHOD_NOT_ALLOWED,
        f"{path[:SHOWN_CHARACTERS]} takes {' and '.join(allowed)}, not {method[:SHOWN_CHARACTERS]}",
        method=method[:SHOWN_CHARACTERS],
        allowed=", ".join(allowed),
    )
