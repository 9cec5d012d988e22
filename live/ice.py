"""What the settings say about ways to this server, as media/ice.py takes it."""

from live.settings import Settings
from media.ice import IceServer, IceSettings, Turn


def ice_of(settings: Settings) -> IceSettings:
    secret = settings.turn_secret
    return IceSettings(
        addresses=settings.ice_addresses,
        servers=tuple(IceServer((url,)) for url in settings.ice_servers),
        turn=Turn(settings.turn_urls, secret) if settings.turn_urls and secret else None,
        ports=settings.ice_ports,
    )
