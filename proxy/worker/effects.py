"""The order of events of a request with effects that the candidate serves: answer, order, commit, first byte.

Until the order is sent, whatever goes wrong is a fallback: legacy answers and makes the effect itself. From then on
legacy is never asked. What became of an order that was not confirmed is found out by its key; what can not be found
out in time goes into the outbox, and the client gets the candidate's answer.
"""

from __future__ import annotations

import asyncio
import base64
import logging

from proxy.worker.asking import Reply
from proxy.worker.headers import first
from proxy.worker.orders import NotSent, Order, Orders, Refused, Unsure
from proxy.worker.outbox import Outbox
from proxy.worker.pair import Pair
from proxy.worker.tally import Tally

log = logging.getLogger("crossfade.worker")
FIELD = b"x-crossfade-effect"
"""The gateway's description of its answer's effect; clients never see it."""
HOLD = 1.0
"""Seconds after an order without confirmation in which legacy serves: few requests wait for a database that is away."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
NOT_TOLD = "effect not told"
NOT_DECLARED = "effect not declared"
"""The file does not say `effects: true`: nobody orders it, so legacy answers, which makes it."""
NOT_SENT = "effect not ordered"
REFUSED = "effect refused"
HELD = "effects held"
FULL = "outbox full"


class Lost(Exception):
    """An order's outcome is not known and could not be written down: the client must not get an answer."""


class Effects:
    """Orders the effects of candidates' answers, one order a request."""

    def __init__(self, orders: Orders, outbox: Outbox, tally: Tally) -> None:
        self._orders = orders
        self._outbox = outbox
        self._tally = tally
        self._held_until = 0.0

    @property
    def waiting(self) -> int:
        """Effects in the outbox."""
        return len(self._outbox)

    async def made(self, pair: Pair, reply: Reply) -> str | None:
        """None when the effect is certain: the answer may go out. Else why legacy has to answer. Raises Lost."""
        told = first(reply.fields, FIELD)
        if not pair.route.effects:
            return None if told is None else NOT_DECLARED
        loop = asyncio.get_running_loop()
        order = order_of(pair, told)
        if order is None:
            return NOT_TOLD
        if loop.time() < self._held_until:
            return HELD
        if self._outbox.full:
            return FULL
        try:
            await self._orders.send(order, pair.route.effects_deadline)
        except NotSent:
            return NOT_SENT
        except Refused as error:
            log.error("the gateway refused an effect that it had told: %s", error)
            return REFUSED
        except Unsure as error:
            log.warning("the effect %s is not confirmed: %s", order.key, error)
            await self._find_out(order, pair.route.effects_deadline)
            return None
        self._tally.effect(order.endpoint, "made")
        return None

    async def _find_out(self, order: Order, deadline: float) -> None:
        """Asks for the key, and orders again where it is not there, until the deadline; then the outbox has it."""
        pause = FIRST_PAUSE
        try:
            async with asyncio.timeout(deadline):
                while not await self._settled(order, deadline):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        except TimeoutError:
            self._held_until = asyncio.get_running_loop().time() + HOLD
            try:
                await self._outbox.put(order)
            except OSError as error:
                raise Lost(f"the effect {order.key} is unknown, and the outbox can not be written: {error}") from error
            self._tally.effect(order.endpoint, "kept")
        else:
            self._tally.effect(order.endpoint, "found")

    async def _settled(self, order: Order, deadline: float) -> bool:
        try:
            if await self._orders.known(order, deadline):
                return True
            await self._orders.send(order, deadline)
        except (NotSent, Unsure, Refused) as error:
            log.debug("the effect %s: %s", order.key, error)
            return False
        return True


def order_of(pair: Pair, told: bytes | None) -> Order | None:
    """The order for an answer; None where the candidate has told none, or is not the bundled gateway."""
    gateway = pair.table.candidates[pair.route.candidate].url
    if told is None or not gateway.startswith("unix:"):
        return None
    try:
        effect = base64.b64decode(told, validate=True).decode()
    except ValueError:
        return None
    return Order(pair.id, gateway, pair.route.endpoint, pair.at, effect)
