"""Which route a request belongs to, and which routes' records a write touches. Compiled once a table."""

from __future__ import annotations

from collections.abc import Sequence

from rollout.table import Route
from rollout.template import Template, compile_template

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 §9.2.1, less TRACE)."""


class Matcher:
    """Finds routes by method and raw target. Where templates overlap, the one with more literal segments wins."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._by_method: dict[str, list[tuple[Template, Route]]] = {}
        self._writes: dict[str, list[tuple[Template, Route]]] = {}
        for route in routes:
            self._by_method.setdefault(route.method, []).append((compile_template(route.template), route))
            for written in route.writes:
                method, _, template = written.partition(" ")
                self._writes.setdefault(method, []).append((compile_template(template), route))
        for found in self._by_method.values():
            found.sort(key=lambda pair: -pair[0].literals)

    def find(self, method: str, target: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request and its path parameters, or None: pass-through. HEAD matches no GET route."""
        candidates = self._by_method.get(method)
        if candidates is None:
            return None
        path = target.partition("?")[0]
        for template, route in candidates:
            params = template.match(path)
            if params is not None:
                return route, params
        return None

    def written(self, method: str, target: str) -> list[tuple[Route, dict[str, str]]]:
        """The routes whose answers lag behind this write, with the parameters that it names."""
        if method in SAFE or method not in self._writes:
            return []
        path = target.partition("?")[0]
        found = ((route, template.match(path)) for template, route in self._writes[method])
        return [(route, params) for route, params in found if params is not None]
