"""Who is answered: nobody whom legacy would refuse, and nobody who is not positively known."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import jwt
import pytest

from connectra import callers as module
from connectra.callers import UNKNOWN, Caller, Callers, Users, subject_of
from connectra.errors import Declined

SECRET = "a-secret-of-legacy-that-is-long-enough-for-hs256"
NOBODY = "postgresql://nobody@127.0.0.1:9/none"


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    found = {"sub": "u1", "type": "access", "exp": datetime.now(UTC) + timedelta(minutes=5), **claims}
    return jwt.encode({key: value for key, value in found.items() if value is not None}, secret, algorithm=algorithm)


def unsigned() -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": "u1", "type": "access"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


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
