"""Effects over HTTP, for the worker alone: told in a field of the answer, ordered and asked for under `/-/effects`."""

from __future__ import annotations

import base64
import logging
import re

import orjson
from aiohttp import web

from connectra.effects import Activity, BadEffect, Effect, Effects, EffectsAway, storable
from connectra.errors import Declined

log = logging.getLogger("connectra.effects")
FIELD = "X-Crossfade-Effect"
PLACE = re.compile("/-/effects(?:/(?P<key>[A-Za-z0-9_-]{1,64}))?")
LARGEST = 40_000
"""Characters of the field: a worker takes 64 KiB of each."""


def told(request: web.Request, endpoint: str, user: str, activity: Activity) -> str:
    """The field's value: the effect of an answer to this request, with its origin as legacy records it.

    Raises Declined for one that is too large for a field, and for a subject that can not be a key's user.
    """
    agent = request.headers.get("User-Agent")
    address = _latin(client_address(request))
    if not storable(user):
        raise Declined("the token's subject is no text that could be stored")
    effect = Effect(endpoint, user, address, None if agent is None else _latin(agent), activity)
    text = base64.b64encode(effect.to_json()).decode()
    if len(text) > LARGEST:
        raise Declined("the effect is too large to be ordered")
    return text


def client_address(request: web.Request) -> str:
    """The first of X-Forwarded-For, else X-Real-IP, else the peer (legacy-api.md §6.11)."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded:
        return forwarded.partition(",")[0].strip()
    return request.headers.get("X-Real-IP") or request.remote or ""


def _latin(value: str) -> str:
    """The bytes of a field as legacy reads them: each of them is a sign."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


async def ordered(effects: Effects, request: web.Request, body: bytes) -> web.Response:
    """What the worker gets at `/-/effects` (are they ready?), and at `/-/effects/KEY` for GET and POST.

    503 says that the database gave no word: whether an order was done is not known then. 400 is for ever.
    """
    found = PLACE.fullmatch(request.path)
    key = found["key"] if found is not None else None
    try:
        if found is not None and key is None and request.method == "GET":
            why = await effects.ready()
            return _said({"ready": why is None, "why": why})
        if key is not None and request.method == "GET":
            return _said({"known": await effects.known(key)})
        if key is not None and request.method == "POST":
            return _said({"done": True, "first": await effects.order(key, Effect.from_json(body))})
    except EffectsAway as error:
        log.warning("%s", error)
        return _said({"why": str(error)}, 503)
    except BadEffect as error:
        log.error("an order was refused: %s", error)
        return _said({"why": str(error)}, 400)
    return _said({"why": "GET /-/effects, GET or POST /-/effects/KEY"}, 400)


def _said(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")
