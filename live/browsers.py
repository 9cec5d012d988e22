"""From where and with what somebody came, no finer than is counted (B261, B262): a network instead of an address, a browser's
family and major version instead of everything it says of itself."""

import re
from ipaddress import ip_address, ip_network

MOBILE, TABLET, DESKTOP = "mobile", "tablet", "desktop"
# In this order: most say that they are others, too.
FAMILIES = (
    ("edge", re.compile(r"Edg(?:e|A|iOS)?/(\d{1,4})")),
    ("opera", re.compile(r"OPR/(\d{1,4})")),
    ("samsung", re.compile(r"SamsungBrowser/(\d{1,4})")),
    ("firefox", re.compile(r"(?:Firefox|FxiOS)/(\d{1,4})")),
    ("chrome", re.compile(r"(?:Chrome|CriOS)/(\d{1,4})")),
    ("safari", re.compile(r"Version/(\d{1,4})[^ ]* .*Safari/")),
)
AGENT_CHARACTERS_MAX = 500


def network_of(address: str) -> str | None:
    """The /24 or /48 it is in."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if parsed.version == 6 and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def browser_of(agent: str) -> dict[str, str | int]:
    """`family` and `major`; nothing of what is not known."""
    for family, version in FAMILIES:
        if found := version.search(agent[:AGENT_CHARACTERS_MAX]):
            return {"family": family, "major": int(found[1])}
    return {}


def device_of(agent: str) -> str:
    if "iPad" in agent or ("Android" in agent and "Mobile" not in agent):
        return TABLET
    return MOBILE if "Mobi" in agent else DESKTOP
