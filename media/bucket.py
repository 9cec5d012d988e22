"""Which S3 bucket the store is, as one URL says it. Opens nothing (media/s3_store.py does)."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Bucket:
    """`s3://KEY:SECRET@host[:port]/bucket[/prefix][?region=…][&tls=no]`, key and secret percent-encoded."""

    endpoint: str
    name: str
    prefix: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str | None = None
    tls: bool = True

    @classmethod
    def of(cls, url: str) -> "Bucket":
        """Raises ValueError; its message never repeats the URL, which holds a secret."""
        parts = urlsplit(url)
        name, _, prefix = parts.path.strip("/").partition("/")
        if parts.scheme != "s3" or not parts.hostname or not name or not parts.username or not parts.password:
            raise ValueError("must be s3://KEY:SECRET@host/bucket")
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if asked.keys() - {"region", "tls"} or asked.get("tls", "yes") not in ("yes", "no"):
            raise ValueError("takes region and tls=no, nothing else")
        return cls(
            endpoint=parts.netloc.rpartition("@")[2],
            name=name,
            prefix=f"{prefix}/" if prefix else "",
            access_key=unquote(parts.username),
            secret_key=unquote(parts.password),
            region=asked.get("region"),
            tls=asked.get("tls") != "no",
        )
