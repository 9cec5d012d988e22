"""Addresses, ports and relays: what browsers are told, and where the server listens."""

import base64
import hashlib
import hmac
import socket

import pytest

from media import ice
from media.ice import (
    TURN_LIFETIME_S,
    Address,
    IceServer,
    IceSettings,
    Turn,
    bound_socket,
    ice_servers,
    offered_addresses,
    turn_credentials,
)
from tests.conftest import PORTS

MARA = "8f9c1a2e-0000-4000-8000-000000000001"


def test_named_addresses_are_offered_and_no_others() -> None:
    named = IceSettings(addresses=("127.0.0.1", "203.0.113.5=10.0.0.4", "::1"))
    assert offered_addresses(named) == [
        Address("127.0.0.1", "127.0.0.1"),
        Address("203.0.113.5", "10.0.0.4"),
        Address("::1", "::1"),
    ]


@pytest.mark.parametrize("address", ["localhost", "", "10.0.0.1=host.example", "10.0.0.1:80"])
def test_an_address_that_is_none_is_a_mistake_in_the_settings(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        IceSettings(addresses=(address,))


@pytest.mark.parametrize(
    ("found", "offered"),
    [
        (["192.0.2.7", "2001:db8::7"], ["192.0.2.7", "2001:db8::7"]),
        (["169.254.3.4", "fe80::1", "192.0.2.7"], ["192.0.2.7"]),
        ([], ["127.0.0.1"]),
        (["169.254.3.4"], ["127.0.0.1"]),
    ],
)
def test_unnamed_all_of_the_machine_is_offered_and_loopback_only_without_anything_else(
    monkeypatch: pytest.MonkeyPatch, found: list[str], offered: list[str]
) -> None:
    monkeypatch.setattr(ice, "get_host_addresses", lambda _four, _six: found)
    assert [each.announced for each in offered_addresses(IceSettings())] == offered


def test_there_is_no_server_of_anybody_elses_by_default() -> None:
    assert ice_servers(IceSettings(), MARA, 0.0) == []


def test_browsers_are_told_of_the_servers_of_the_settings_and_of_credentials_of_their_own() -> None:
    settings = IceSettings(
        servers=(IceServer(("stun:stun.example:3478",)), IceServer(("turn:old.example",), "us", "always")),
        turn=Turn(("turn:turn.example:3478?transport=udp",), "shared"),
    )
    username, credential = turn_credentials("shared", MARA, 1_000.7)
    assert ice_servers(settings, MARA, 1_000.7) == [
        {"urls": ["stun:stun.example:3478"]},
        {"urls": ["turn:old.example"], "username": "us", "credential": "always"},
        {"urls": ["turn:turn.example:3478?transport=udp"], "username": username, "credential": credential},
    ]
    assert "shared" not in repr(settings)
    assert "always" not in repr(settings)


def test_a_relay_can_check_credentials_by_the_secret_alone() -> None:
    username, credential = turn_credentials("shared", MARA, 1_000.7)
    assert username == f"{1_000 + TURN_LIFETIME_S}:{MARA}", "they end"
    checked = hmac.new(b"shared", username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(credential) == checked
    assert turn_credentials("shared", "ana", 1_000.7)[1] != credential
    assert turn_credentials("other", MARA, 1_000.7)[1] != credential


def test_sockets_are_bound_inside_the_range() -> None:
    sockets = [bound_socket("127.0.0.1", PORTS) for _ in range(20)]
    try:
        ports = [each.getsockname()[1] for each in sockets]
        assert all(port in PORTS for port in ports)
        assert len(set(ports)) == 20
    finally:
        for each in sockets:
            each.close()


def test_a_range_that_is_full_is_an_error_and_nothing_stays_open() -> None:
    with bound_socket("127.0.0.1", PORTS) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=r"in use"):
            bound_socket("127.0.0.1", range(port, port + 1))


def test_without_a_range_the_kernel_chooses() -> None:
    with bound_socket("127.0.0.1", None) as bound:
        assert bound.type == socket.SOCK_DGRAM
        assert bound.getsockname()[1] > 0
