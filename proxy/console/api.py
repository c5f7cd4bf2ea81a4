"""The control API: JSON over HTTP on a unix socket (or TCP with tokens). docs/api.md is tested against ROUTES."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import orjson
from aiohttp import web

from proxy.console.auth import Caller, Role, Token, by_socket, by_token

LONGEST_BODY = 64 * 1024
MOST_ROWS = 1_000


class Refused(Exception):
    """What the API answers with an error; `status` is 400, 403, 404 or 409."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Order:
    """A person's order. `kind` is set, promote, hold, resume or rollback; exactly one of the targets is given."""

    kind: str
    who: str
    reason: str
    endpoint: str | None = None
    phase: str | None = None
    everything: bool = False
    percent: int | None = None
    override: bool = False


class Desk(Protocol):
    """What the API needs of the analyst. Methods raise `Refused`."""

    async def status(self) -> Mapping[str, Any]: ...
    async def explain(self, endpoint: str) -> Mapping[str, Any]: ...
    async def audit(self, endpoint: str | None, limit: int) -> Sequence[Mapping[str, Any]]: ...
    async def mismatches(self, endpoint: str | None, limit: int) -> Sequence[Mapping[str, Any]]: ...
    async def repro(self, sample: str) -> Sequence[str]: ...
    async def order(self, order: Order) -> Sequence[Mapping[str, Any]]:
        """One `{endpoint, done, text}` for each endpoint meant."""


Handler = Callable[[Desk, web.Request, Caller], Awaitable[Any]]


async def _status(desk: Desk, _request: web.Request, _caller: Caller) -> Any:
    return await desk.status()


async def _explain(desk: Desk, request: web.Request, _caller: Caller) -> Any:
    return await desk.explain(_wanted(request, "endpoint"))


async def _audit(desk: Desk, request: web.Request, _caller: Caller) -> Any:
    return {"rows": list(await desk.audit(request.query.get("endpoint"), _limit(request)))}


async def _mismatches(desk: Desk, request: web.Request, _caller: Caller) -> Any:
    return {"mismatches": list(await desk.mismatches(request.query.get("endpoint"), _limit(request)))}


async def _repro(desk: Desk, request: web.Request, _caller: Caller) -> Any:
    return {"curl": list(await desk.repro(_wanted(request, "id")))}


async def _order(desk: Desk, request: web.Request, caller: Caller) -> Any:
    order = read_order(request.path.strip("/"), await request.read(), caller)
    return {"changes": list(await desk.order(order))}


ROUTES: dict[tuple[str, str], tuple[Handler, Role]] = {
    ("GET", "/status"): (_status, Role.READ),
    ("GET", "/explain"): (_explain, Role.READ),
    ("GET", "/audit"): (_audit, Role.READ),
    ("GET", "/mismatches"): (_mismatches, Role.READ),
    ("GET", "/repro"): (_repro, Role.READ),
    ("POST", "/set"): (_order, Role.OPERATE),
    ("POST", "/promote"): (_order, Role.OPERATE),
    ("POST", "/hold"): (_order, Role.OPERATE),
    ("POST", "/resume"): (_order, Role.OPERATE),
    ("POST", "/rollback"): (_order, Role.OPERATE),
}


def make_app(desk: Desk, tokens: Sequence[Token] = ()) -> web.Application:
    """The application. On a unix socket the peer's user is the caller; on TCP a token is needed."""
    app = web.Application(client_max_size=LONGEST_BODY)
    for (method, path), (handler, role) in ROUTES.items():
        app.router.add_route(method, path, _guarded(desk, handler, role, tokens))
    return app


def _guarded(
    desk: Desk, handler: Handler, role: Role, tokens: Sequence[Token]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            caller = _caller(request, tokens)
            if caller.role < role:
                raise Refused(403, f"{caller.name} may {caller.role.name.lower()} only: {role.name.lower()} is needed")
            return _answer(200, await handler(desk, request, caller))
        except Refused as error:
            return _answer(error.status, {"error": str(error)})

    return handle


def _caller(request: web.Request, tokens: Sequence[Token]) -> Caller:
    peer = request.transport.get_extra_info("socket") if request.transport else None
    if peer is not None and peer.family == socket.AF_UNIX:
        return by_socket(peer)
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise Refused(403, f"a page of {origin} may not ask here")
    caller = by_token(tokens, request.headers.get("Authorization"))
    if caller is not None:
        return caller
    if request.method == "GET" and not tokens:
        return Caller("anonymous", Role.READ)
    raise Refused(403, "a bearer token is needed: --token-file, or CROSSFADE_TOKEN")


def _answer(status: int, value: Any) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


def _wanted(request: web.Request, name: str) -> str:
    value = request.query.get(name)
    if not value:
        raise Refused(400, f"{name}: give it, as ?{name}=…")
    return value


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_ROWS:
        raise Refused(400, f"limit: {text!r} must be a number from 1 to {MOST_ROWS}")
    return int(text)


def read_order(kind: str, body: bytes, caller: Caller) -> Order:
    """An order from its JSON. Raises `Refused` with the field and what would be right."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Refused(400, "the body must be a JSON object")
    reason = value.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise Refused(400, "reason: say why; it is kept in the audit")
    order = Order(
        kind, caller.name, reason.strip(), _text(value, "endpoint"), _text(value, "phase"), value.get("all") is True,
        _percent(value.get("percent")) if kind == "set" else None, value.get("override") is True,
    )  # fmt: skip
    if (order.endpoint is not None) + (order.phase is not None) + order.everything != 1:
        raise Refused(400, "give exactly one of endpoint, phase and all")
    if kind == "set" and order.endpoint is None:
        raise Refused(400, "set moves one endpoint: give endpoint")
    if order.override and caller.role < Role.APPROVE:
        raise Refused(403, f"override: {caller.name} may operate only, approve is needed")
    return order


def _text(value: Mapping[str, Any], name: str) -> str | None:
    found = value.get(name)
    if found is not None and (not isinstance(found, str) or not found):
        raise Refused(400, f"{name}: a name was expected")
    return found


def _percent(value: Any) -> int:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidOperation
        hundredths = Decimal(str(value)) * 100
        if not 0 <= hundredths <= 10_000 or hundredths != hundredths.to_integral_value():
            raise InvalidOperation
    except InvalidOperation:
        raise Refused(400, f"percent: {value!r} must be a number from 0 to 100 in steps of 0.01") from None
    return int(hundredths)
