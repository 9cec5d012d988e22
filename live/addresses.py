"""From which address somebody comes. A proxy's word for it counts only when the proxy is one the operator named (attack 13)."""

import ipaddress

from aiohttp import web


def client_address(request: web.BaseRequest, trusted_proxies: tuple[str, ...]) -> str:
    """The nearest address that is not a trusted proxy; IPv6 by its /64, because one client owns all of it (attack 41)."""
    nearest = _peer(request)
    if nearest in trusted_proxies:
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            if not (given := hop.strip()):
                continue
            nearest = given
            if given not in trusted_proxies:
                break
    return _block(nearest)


def is_for(request: web.BaseRequest, hosts: frozenset[str]) -> bool:
    """Whether it names this server: else some other name was made to lead here (attack 4). Not `request.host`, which asks
    the resolver where the header is missing."""
    return request.headers.get("Host", "").lower() in hosts


def _peer(request: web.BaseRequest) -> str:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""


def _block(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
