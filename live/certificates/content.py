"""What a certificate says, as one canonical text, and the name of that text (D75): whoever has the text can find out, offline, that
it is the one that was issued. The same bytes put into IPFS as a raw block have the same name."""

import json
from base64 import b32encode
from hashlib import sha256
from typing import Any

from live.certificates.badge import rfc_3339
from persistence.models.bootcamp.certificate import Certificate

CID_VERSION, RAW, SHA2_256 = b"\x01", b"\x55", b"\x12\x20"  # multiformats table; 0x20: 32 bytes follow


def canonical(statement: dict[str, Any]) -> bytes:
    """RFC 8785 for what stands in here: ASCII names, strings, lists and objects; no number has a fraction."""
    return json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def cid(block: bytes) -> str:
    """CIDv1 of a raw block, by SHA2-256, in multibase base32 (`b…`)."""
    named = CID_VERSION + RAW + SHA2_256 + sha256(block).digest()
    return "b" + b32encode(named).decode().rstrip("=").lower()


def statement(certificate: Certificate, holder: str) -> dict[str, Any]:
    """All that the certificate claims; not whether it was revoked later."""
    said, until = certificate.metadata, certificate.expiry_date
    claims: dict[str, Any] = {
        "certificateNumber": certificate.certificate_number,
        "certificateType": str(certificate.certificate_type),
        "courseId": certificate.course_id,
        "courseIds": list(said.course_ids) or None,
        "courseTitle": said.course_title,
        "distinction": said.distinction,
        "expiryDate": rfc_3339(until) if until else None,
        "holder": holder,
        "issueDate": rfc_3339(certificate.issue_date),
        "issuer": said.issuer,
    }
    return {name: value for name, value in claims.items() if value is not None}
