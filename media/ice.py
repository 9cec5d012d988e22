"""How a browser and this server find each other: the addresses and ports offered, the servers that browsers are told of, and
credentials for a TURN relay that are good for a short while.

Like ICE Lite (RFC 8445 section 2.5) the server has to be reachable at an address of its own and asks nobody for it: STUN and
TURN servers are for browsers alone, and there is no default among them. Where it is known under another address than it listens
on (a cloud's one-to-one NAT), that is written `announced=bound`.
"""

import base64
import hmac
import ipaddress
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from aioice.ice import get_host_addresses

TURN_LIFETIME_S = 3_600
"""A browser that is in a call keeps its relay beyond it; only a new one needs new credentials."""

PORT_TRIES = 200


@dataclass(frozen=True, slots=True)
class IceServer:
    """One that a browser may ask: `stun:` urls, or `turn:` ones with lasting credentials."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """A relay that shares a secret with us (coturn: `use-auth-secret`)."""

    urls: tuple[str, ...]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IceSettings:
    """`addresses`: those offered, empty for all of the machine's. `ports`: UDP, None for whatever the kernel gives."""

    addresses: tuple[str, ...] = ()
    servers: tuple[IceServer, ...] = ()
    turn: Turn | None = None
    ports: range | None = None

    def __post_init__(self) -> None:
        for address in self.addresses:
            for part in address.split("="):
                ipaddress.ip_address(part)  # raises ValueError: a mistake in the settings


@dataclass(frozen=True, slots=True)
class Address:
    announced: str
    bound: str


def offered_addresses(settings: IceSettings) -> list[Address]:
    """Loopback is offered when it is named, or when the machine has nothing else."""
    if settings.addresses:
        return [Address(one.partition("=")[0], one.rpartition("=")[2]) for one in settings.addresses]
    found = [each for each in get_host_addresses(True, True) if not ipaddress.ip_address(each).is_link_local]
    return [Address(each, each) for each in found or ["127.0.0.1"]]


def ice_servers(settings: IceSettings, user: str, now_s: float) -> list[dict[str, str | list[str]]]:
    """For RTCPeerConnection's `iceServers`, made for one person. `now_s`: seconds since 1970."""
    told: list[dict[str, str | list[str]]] = []
    for server in settings.servers:
        entry: dict[str, str | list[str]] = {"urls": list(server.urls)}
        if server.username is not None and server.credential is not None:
            entry |= {"username": server.username, "credential": server.credential}
        told.append(entry)
    if settings.turn is not None:
        username, credential = turn_credentials(settings.turn.secret, user, now_s)
        told.append({"urls": list(settings.turn.urls), "username": username, "credential": credential})
    return told


def turn_credentials(secret: str, user: str, now_s: float) -> tuple[str, str]:
    """Username and password by draft-uberti-behave-turn-rest-00: the relay can check them and when they end by the secret alone."""
    username = f"{int(now_s) + TURN_LIFETIME_S}:{user}"
    return username, base64.b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()


def bound_socket(address: str, ports: range | None) -> socket.socket:
    """UDP at this address. Raises OSError: it is not ours, or every port that was tried is taken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _bind(bound, address, ports)
    except BaseException:
        bound.close()
        raise
    return bound


def _bind(bound: socket.socket, address: str, ports: range | None) -> None:
    refused = OSError("no port to try")
    for port in _tried(ports):
        try:
            bound.bind((address, port))
        except OSError as error:
            refused = error
        else:
            return
    raise refused


def _tried(ports: range | None) -> Iterator[int]:
    """In an order of chance, so that processes side by side seldom meet."""
    if ports is None:
        yield 0
    else:
        yield from random.sample(ports, min(PORT_TRIES, len(ports)))
