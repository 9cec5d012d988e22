"""What the operator may set, read from the environment once. Knows names and shapes, not what the values are used for."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from media.bucket import Bucket

EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - asked for on the command line
DEFAULT_PORT = 8080


class SettingsRefused(ValueError):
    """A setting is missing or makes no sense; the message names it."""


@dataclass(frozen=True)
class Settings:
    """`database_url` names host and database, '' an embedded one in `data_dir`; the two logins are derived from `secret_key` unless
    they have URLs of their own.

    `hosts` are the values of the Host header that are served, `origins` the pages that may open a socket: exactly these.
    """

    secret_key: str
    database_url: str
    data_dir: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    database_app_url: str | None = None
    database_engine_url: str | None = None
    database_replica_url: str | None = None  # asked for searches and reports, with the same login
    public_url: str | None = None
    lan_address: str | None = None
    tls: tuple[Path, Path] | None = None  # certificate and key; without them a proxy does TLS, or nobody
    limits_factor: float = 1.0
    trusted_proxies: tuple[str, ...] = ()
    recordings_dir: Path | None = None  # what is too large for the log; without it a folder of `data_dir`
    recordings_bucket: Bucket | None = None  # instead of a folder
    backup_places: tuple[Path | Bucket, ...] | None = (
        None  # of the embedded database; None: a folder of `data_dir`; (): no backups
    )
    backup_key: str | None = None  # seals them; without it one that is derived from `secret_key`
    transcriber: str | None = None  # media/transcriber.py; None: the one that is installed, or none
    transcriber_key: str | None = None  # of a transcriber over HTTP
    ice_addresses: tuple[
        str, ...
    ] = ()  # offered for sound, `announced=bound` where they differ; without any, all there are
    ice_servers: tuple[str, ...] = ()  # URLs of STUN servers (RFC 7064) that browsers are told of
    ice_ports: range | None = None  # UDP ports of sound; without it the kernel chooses
    turn_urls: tuple[str, ...] = ()  # RFC 7065; with `turn_secret`, from which passes of an hour are made
    turn_secret: str | None = None
    redis_url: str | None = None  # keeps answers for all processes; without it each keeps its own
    smtp_url: str | None = None
    mail_from: str = "atelier@localhost"
    metrics_address: tuple[str, int] | None = None  # where Prometheus may ask; without one nobody can
    log_every_command: bool = False
    failpoints: str = ""
    demo: bool = False

    @property
    def store_dir(self) -> Path:
        return self.recordings_dir or self.data_dir / "store"

    @property
    def capture_dir(self) -> Path:
        """What is being recorded, until it is finalised; a worker works on the same."""
        return self.store_dir / "capture"

    @property
    def backups_to(self) -> tuple[Path | Bucket, ...]:
        return (self.data_dir / "backups",) if self.backup_places is None else self.backup_places

    @property
    def url(self) -> str:
        """Where people find this server; invitation links start with it."""
        return (self.public_url or f"{self.scheme}://localhost:{self.port}").rstrip("/")

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def addresses(self) -> frozenset[str]:
        """Under which this machine is reached."""
        return frozenset({"localhost", "127.0.0.1"} | ({self.lan_address} if self.lan_address else set()))

    @property
    def origins(self) -> frozenset[str]:
        served = {f"{self.scheme}://{address}:{self.port}" for address in self.addresses}
        if self.port == (443 if self.tls else 80):
            served |= {f"{self.scheme}://{address}" for address in self.addresses}
        if self.public_url:
            parts = urlsplit(self.public_url)
            served.add(f"{parts.scheme}://{parts.netloc}".lower())
        return frozenset(served)

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(urlsplit(origin).netloc for origin in self.origins)


def read_settings(environ: Mapping[str, str], **given: object) -> Settings:
    """`given` comes from the command line and wins over the environment. Raises SettingsRefused."""
    values: dict[str, object] = {
        "secret_key": environ.get("SECRET_KEY", ""),
        "database_url": environ.get("DATABASE_URL", ""),
        "database_app_url": environ.get("DATABASE_APP_URL") or None,
        "database_engine_url": environ.get("DATABASE_ENGINE_URL") or None,
        "database_replica_url": environ.get("DATABASE_REPLICA_URL") or None,
        "data_dir": Path(environ.get("DATA_DIR") or "data"),
        "public_url": environ.get("PUBLIC_URL") or None,
        **_store(environ.get("RECORDINGS_URL") or ""),
        "backup_places": _backups(environ),
        "backup_key": environ.get("BACKUP_KEY") or None,
        "transcriber": _transcriber(environ.get("TRANSCRIBER") or ""),
        "transcriber_key": environ.get("TRANSCRIBER_KEY") or None,
        "limits_factor": _positive(environ, "LIMITS_FACTOR", 1.0),
        "trusted_proxies": tuple(filter(None, environ.get("TRUSTED_PROXIES", "").split(","))),
        "ice_addresses": _addresses(environ, "ICE_ADDRESSES"),
        "ice_servers": _urls(environ, "ICE_SERVERS", ("stun:", "stuns:")),
        "ice_ports": _ports(environ, "ICE_PORTS"),
        "turn_urls": _urls(environ, "TURN_URL", ("turn:", "turns:")),
        "turn_secret": environ.get("TURN_SECRET") or None,
        "redis_url": environ.get("REDIS_URL") or None,
        "smtp_url": environ.get("SMTP_URL") or None,
        "mail_from": environ.get("MAIL_FROM") or "atelier@localhost",
        "metrics_address": _listened_at(environ, "METRICS_ADDRESS"),
        "log_every_command": _one_of(environ, "LOG_LEVEL", ("info", "debug")) == "debug",
        "failpoints": environ.get("FAILPOINTS", ""),
    }
    values.update({name: value for name, value in given.items() if value is not None})
    if not values["secret_key"]:
        raise SettingsRefused("SECRET_KEY is not set: the server does not start without it")
    if len(str(values["secret_key"])) < 32:
        raise SettingsRefused("SECRET_KEY is shorter than 32 characters")
    public = values["public_url"]
    if public and urlsplit(str(public)).scheme not in ("http", "https"):
        raise SettingsRefused("PUBLIC_URL must start with http:// or https://")
    if values["backup_key"] and len(str(values["backup_key"])) < 32:
        raise SettingsRefused("BACKUP_KEY is shorter than 32 characters")
    if bool(values["turn_urls"]) != bool(values["turn_secret"]):
        raise SettingsRefused("TURN_URL and TURN_SECRET go together")
    return Settings(**values)  # type: ignore[arg-type]


def _positive(environ: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(environ.get(name) or default)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise SettingsRefused(f"{name} must be a positive number")
    return value


def _listened_at(environ: Mapping[str, str], name: str) -> tuple[str, int] | None:
    """`127.0.0.1:9464`, `[::1]:9464`."""
    given = environ.get(name)
    if not given:
        return None
    try:
        parts = urlsplit(f"//{given}")
        if parts.port and not parts.path:
            return str(ip_address(parts.hostname or "")), parts.port
    except ValueError:
        pass
    raise SettingsRefused(f"{name} must be an IP address and a port")


def _one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    given = (environ.get(name) or choices[0]).lower()
    if given not in choices:
        raise SettingsRefused(f"{name} must be {' or '.join(choices)}")
    return given


def _store(given: str) -> dict[str, object]:
    if not given:
        return {}
    place = _place("RECORDINGS_URL", given)
    return {"recordings_bucket" if isinstance(place, Bucket) else "recordings_dir": place}


def _backups(environ: Mapping[str, str]) -> tuple[Path | Bucket, ...] | None:
    first, second = environ.get("BACKUP_URL") or "", environ.get("BACKUP_SECOND_URL") or ""
    if first == "none":
        return ()
    if second and not first:
        raise SettingsRefused("BACKUP_SECOND_URL is the second one: set BACKUP_URL too")
    return (
        tuple(_place(name, url) for name, url in (("BACKUP_URL", first), ("BACKUP_SECOND_URL", second)) if url) or None
    )


def _place(name: str, given: str) -> Path | Bucket:
    """Never repeats what was given: a bucket's URL holds a secret."""
    if given.startswith("s3:"):
        try:
            return Bucket.of(given)
        except ValueError as error:
            raise SettingsRefused(f"{name} {error}") from None
    parts = urlsplit(given)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise SettingsRefused(f"{name} must be file: and an absolute path, or s3:")
    return Path(unquote(parts.path))


def _transcriber(given: str) -> str | None:
    kind, _, path = given.partition(":")
    if (
        not given
        or given == "none"
        or kind in ("http", "https")
        or (kind == "faster-whisper" and (path or ":" not in given))
    ):
        return given or None
    raise SettingsRefused("TRANSCRIBER must be faster-whisper, faster-whisper:<path>, an http(s) URL or none")


def _words(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(environ.get(name, "").replace(",", " ").split())


def _addresses(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    given = _words(environ, name)
    try:
        for each in given:
            announced, _, bound = each.partition("=")
            ip_address(announced), ip_address(bound or announced)
    except ValueError:
        raise SettingsRefused(f"{name} must be IP addresses") from None
    return given


def _urls(environ: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> tuple[str, ...]:
    given = _words(environ, name)
    if not all(each.startswith(schemes) for each in given):
        raise SettingsRefused(f"{name} must start with {' or '.join(schemes)}")
    return given


def _ports(environ: Mapping[str, str], name: str) -> range | None:
    """`40000-40999`, both included."""
    given = environ.get(name)
    if not given:
        return None
    first, _, last = given.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 1_024 <= int(first) <= int(last) <= 65_535):
        raise SettingsRefused(f"{name} must be like 40000-40999")
    return range(int(first), int(last) + 1)
