"""Who is answered: nobody whom legacy would refuse, and nobody who is not positively known."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import jwt
import pytest

from connectra import callers as module
from connectra.callers import UNKNOWN, Caller, Callers, Users, accepted, bearer
from connectra.errors import Declined

SECRET = "a-secret-of-legacy-that-is-long-enough-for-hs256"
NOBODY = "postgresql://nobody@127.0.0.1:9/none"


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    found = {"sub": "u1", "type": "access", "exp": datetime.now(UTC) + timedelta(minutes=5), **claims}
    return jwt.encode({key: value for key, value in found.items() if value is not None}, secret, algorithm=algorithm)


def unsigned() -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": "u1", "type": "access"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def subject_of(authorization: str | None, secret: str) -> str:
    return accepted(bearer(authorization), secret).subject


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_that_legacy_accepts_names_its_subject(scheme: str) -> None:
    assert subject_of(f"{scheme} {token()}", SECRET) == "u1"


def test_a_token_without_an_end_never_expires() -> None:
    assert subject_of(f"Bearer {token(exp=None)}", SECRET) == "u1"


def test_claims_that_legacy_does_not_read_do_not_matter() -> None:
    assert subject_of(f"Bearer {token(aud='x', iss='y')}", SECRET) == "u1"


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer ", id="blank token"),
        pytest.param(f"Basic {token()}", id="another scheme"),
        pytest.param(token(), id="no scheme"),
        pytest.param(f"Bearer  {token()}", id="a second space"),
        pytest.param("Bearer x.y.z", id="no token at all"),
        pytest.param("Bearer \udcff\udcfe", id="no text"),
        pytest.param(f"Bearer {token()}x", id="a changed signature"),
        pytest.param(f"Bearer {token('another-secret-that-is-long-enough-for-hs256')}", id="another secret"),
        pytest.param(f"Bearer {token(exp=datetime.now(UTC) - timedelta(seconds=5))}", id="expired"),
        pytest.param(f"Bearer {token(type='refresh')}", id="a refresh token"),
        pytest.param(f"Bearer {token(type=None)}", id="no type"),
        pytest.param(f"Bearer {token(sub=None)}", id="no subject"),
        pytest.param(f"Bearer {token(sub='')}", id="an empty subject"),
        pytest.param(f"Bearer {token(SECRET * 2, 'HS512')}", id="another algorithm"),
        pytest.param(f"Bearer {unsigned()}", id="unsigned"),
    ],
)
def test_whom_legacy_would_refuse_is_declined(authorization: str | None) -> None:
    with pytest.raises(Declined):
        subject_of(authorization, SECRET)


def test_a_numeric_subject_is_declined() -> None:
    _header, body, _signature = token().split(".")
    claims = {**json.loads(base64.urlsafe_b64decode(body + "==")), "sub": 7}
    numeric = jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, algorithm="HS256")
    with pytest.raises(Declined):
        subject_of(f"Bearer {numeric}", SECRET)


@pytest.mark.parametrize("caller", [Caller(shadow=True), Caller(vouched=True)])
async def test_a_valid_token_is_enough_for_a_shadow_and_for_one_that_legacy_accepted(caller: Caller) -> None:
    await Callers(SECRET, Users(None)).admit(f"Bearer {token()}", caller)


@pytest.mark.parametrize("caller", [Caller(shadow=True), Caller(vouched=True), Caller()])
async def test_an_invalid_token_is_enough_for_nobody(caller: Caller) -> None:
    with pytest.raises(Declined):
        await Callers(SECRET, Users(None)).admit("Bearer x", caller)


async def test_a_valid_token_that_nobody_confirms_is_declined() -> None:
    with pytest.raises(Declined, match=UNKNOWN):
        await Callers(SECRET, Users(None)).admit(f"Bearer {token()}", Caller())


@dataclass
class Read:
    """Tokens that were read, and what the clock shows."""

    now: float
    tokens: list[str]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    found = Read(datetime.now(UTC).timestamp(), [])
    decode = jwt.decode

    def counted(text: str, *given: Any, **more: Any) -> Any:
        found.tokens.append(text)
        return decode(text, *given, **more)

    monkeypatch.setattr(module, "time", lambda: found.now)
    monkeypatch.setattr(jwt, "decode", counted)
    return found


VOUCHED = Caller(vouched=True)


async def test_a_token_that_was_accepted_is_not_read_again(read: Read) -> None:
    callers, authorization = Callers(SECRET, Users(None)), f"Bearer {token()}"
    assert [await callers.admit(authorization, VOUCHED) for _ in range(3)] == ["u1"] * 3
    assert len(read.tokens) == 1


@pytest.mark.parametrize("later", [0, 1, 3600], ids=["at its end", "after it", "long after it"])
async def test_a_token_that_was_accepted_is_read_again_from_its_end_on(read: Read, later: int) -> None:
    end = int(read.now) + 300
    callers, authorization = Callers(SECRET, Users(None)), f"Bearer {token(exp=end)}"
    await callers.admit(authorization, VOUCHED)
    read.now = end + later
    await callers.admit(authorization, VOUCHED)
    assert len(read.tokens) == 2


async def test_a_token_that_was_accepted_is_read_again_when_the_clock_was_set_back(read: Read) -> None:
    callers, authorization = Callers(SECRET, Users(None)), f"Bearer {token()}"
    await callers.admit(authorization, VOUCHED)
    read.now -= 1
    await callers.admit(authorization, VOUCHED)
    assert len(read.tokens) == 2


async def test_a_token_that_was_refused_is_refused_again(read: Read) -> None:
    callers, authorization = Callers(SECRET, Users(None)), f"Bearer {token(type='refresh')}"
    for _ in range(2):
        with pytest.raises(Declined):
            await callers.admit(authorization, VOUCHED)
    assert len(read.tokens) == 2


async def test_a_token_that_was_accepted_says_nothing_for_another(read: Read) -> None:
    callers, good = Callers(SECRET, Users(None)), token()
    await callers.admit(f"Bearer {good}", VOUCHED)
    with pytest.raises(Declined):
        await callers.admit(f"Bearer {good[:-4]}AAAA", VOUCHED)
    assert len(read.tokens) == 2


async def test_a_user_that_legacy_has_lost_is_unknown_though_the_token_was_accepted() -> None:
    callers, authorization = Callers(SECRET, Users(None)), f"Bearer {token()}"
    await callers.admit(authorization, VOUCHED)
    with pytest.raises(Declined, match=UNKNOWN):
        await callers.admit(authorization, Caller())


async def test_no_more_tokens_are_kept_than_there_is_room_for(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    callers, some = Callers(SECRET, Users(None)), [f"Bearer {token(sub=name)}" for name in ("u1", "u2", "u3")]
    for authorization in (*some, some[0]):
        await callers.admit(authorization, VOUCHED)
    assert len(read.tokens) == 4


@pytest.mark.parametrize("secret", [None, ""])
async def test_without_legacys_secret_nobody_is_answered(secret: str | None) -> None:
    with pytest.raises(Declined, match="LEGACY_JWT_SECRET"):
        await Callers(secret, Users(None)).admit(f"Bearer {token()}", Caller(vouched=True))


@pytest.mark.parametrize("dsn", [NOBODY, "nonsense"])
async def test_a_users_table_that_can_not_be_asked_knows_nobody(dsn: str) -> None:
    users = Users(dsn)
    assert not await users.knows("u1")
    await users.close()


async def with_users(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE users (uuid text NOT NULL)")
    await connection.execute("INSERT INTO users VALUES ('u1')")
    return connection


async def test_the_users_table_confirms_a_caller(dsn: str) -> None:
    await (await with_users(dsn)).close()
    users = Users(dsn)
    await Callers(SECRET, users).admit(f"Bearer {token()}", Caller())
    await users.close()


@pytest.mark.parametrize("subject", ["u2", "u\0", "\ud800", "' OR true --"])
async def test_a_subject_that_the_users_table_does_not_have_is_unknown(dsn: str, subject: str) -> None:
    await (await with_users(dsn)).close()
    users = Users(dsn)
    assert not await users.knows(subject)
    await users.close()


async def test_the_tables_word_holds_for_a_minute(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    connection = await with_users(dsn)
    users = Users(dsn)
    assert await users.knows("u1")
    await connection.execute("DELETE FROM users")
    now[0] += module.KNOWN_FOR - 1
    assert await users.knows("u1")
    now[0] += 2
    assert not await users.knows("u1")
    await users.close()
    await connection.close()
