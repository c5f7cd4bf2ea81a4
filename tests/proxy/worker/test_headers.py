"""Header fields: only what belongs to one connection changes."""

from __future__ import annotations

import pytest

from proxy.worker.headers import Looped, client_address, end_to_end, of_request, only

FIELDS = ((b"Host", b"api.test"), (b"X-One", b"1"), (b"x-one", b"2"), (b"Accept", b"*/*"))


def test_end_to_end_fields_keep_order_case_and_duplicates() -> None:
    assert end_to_end(FIELDS) == list(FIELDS)


@pytest.mark.parametrize(
    "field",
    [b"Connection", b"Keep-Alive", b"TE", b"Trailer", b"Transfer-Encoding", b"Upgrade", b"Proxy-Authorization"],
)
def test_hop_by_hop_fields_end_here(field: bytes) -> None:
    assert end_to_end((*FIELDS, (field, b"x"))) == list(FIELDS)


def test_what_connection_names_ends_here_as_well() -> None:
    assert end_to_end((*FIELDS, (b"Connection", b"close, X-Hop"), (b"X-Hop", b"1"))) == list(FIELDS)


@pytest.mark.parametrize("name", [b"Host", b"host", b"Content-Length"])
def test_what_a_request_is_framed_and_addressed_by_is_never_one_connections(name: bytes) -> None:
    fields = ((b"Host", b"api.test"), (b"Content-Length", b"5"))
    assert end_to_end((*fields, (b"Connection", name))) == list(fields)


def test_a_caller_can_not_set_our_fields() -> None:
    assert end_to_end((*FIELDS, (b"X-Crossfade-Shadow", b"1"), (b"x-crossfade-vouched", b"1"))) == list(FIELDS)


def test_the_peer_is_appended_to_what_was_forwarded_for() -> None:
    sent = of_request(((b"X-Forwarded-For", b"192.0.2.9"),), "127.0.0.1", b"t")
    assert sent == [(b"X-Forwarded-For", b"192.0.2.9, 127.0.0.1"), (b"Via", b"1.1 crossfade-t")]


def test_a_request_that_has_been_here_is_a_loop() -> None:
    with pytest.raises(Looped):
        of_request(((b"Via", b"1.1 edge, 1.1 crossfade-t"),), "127.0.0.1", b"t")
    assert of_request(((b"Via", b"1.1 crossfade-other"),), "127.0.0.1", b"t")


@pytest.mark.parametrize(
    ("allowed", "names"),
    [
        (None, [b"Host", b"X-One", b"x-one", b"Accept"]),
        (("accept",), [b"Host", b"Accept"]),
        (("authorization",), [b"Host", b"Authorization"]),
    ],
)
def test_a_candidate_by_url_gets_credentials_only_by_name(allowed: tuple[str, ...] | None, names: list[bytes]) -> None:
    sent = only((*FIELDS, (b"Authorization", b"Bearer t"), (b"Cookie", b"a=1")), allowed)
    assert [name for name, _ in sent] == names


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("192.0.2.1", b"198.51.100.1", (), "192.0.2.1"),
        ("192.0.2.1", b"198.51.100.1", ("10.0.0.0/8",), "192.0.2.1"),
        ("10.0.0.1", b"203.0.113.5, 198.51.100.1, 10.0.0.2", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.1", b"10.0.0.7", ("10.0.0.0/8",), "10.0.0.7"),
        ("10.0.0.1", b"", ("10.0.0.0/8",), "10.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_is_believed_about_the_client(
    peer: str, forwarded: bytes, trusted: tuple[str, ...], expected: str
) -> None:
    assert client_address(((b"X-Forwarded-For", forwarded),), peer, trusted) == expected
