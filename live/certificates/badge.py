"""Certificates as Open Badges 3.0 credentials: signed with the installation's own key, checked by whoever knows its public half
(1EdTech Open Badges 3.0, 8.2 "JSON Web Token Proof Format"; the algorithm is RFC 9864's Ed25519).

The key is one of the installation's, so it is the same after every restart and whatever becomes of SECRET_KEY.
"""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import OKPKey

from persistence.models.bootcamp.certificate import Certificate, CertificateType

ALGORITHM = "Ed25519"
KEYS = "/api/v1/bootcamp/certificate-keys"
CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
ACHIEVEMENTS = {
    CertificateType.COURSE_COMPLETION: ("Certificate", "Completed every required lesson of the course."),
    CertificateType.PROGRAM_COMPLETION: ("CertificateOfCompletion", "Completed every course of the programme."),
    CertificateType.SPECIALIZATION: ("MicroCredential", "Completed every course of the specialisation."),
}


class Signer:
    """`secret`: 32 bytes. `url` is where this installation is found: who issues."""

    def __init__(self, secret: bytes, url: str) -> None:
        self._url = url
        public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _encoded(public), "d": _encoded(secret)})

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        return self._key.thumbprint()

    @property
    def _key_id(self) -> str:
        """Where the public key is found (Open Badges 3.0, 8.2.3): who checks knows nothing but the credential."""
        return f"{self._url}{KEYS}/{self.thumbprint}"

    @property
    def public_key(self) -> dict[str, Any]:
        """As a JSON Web Key (RFC 8037)."""
        return {**self._key.as_dict(private=False), "kid": self._key_id, "alg": ALGORITHM, "use": "sig"}

    def credential(self, certificate: Certificate, holder: str) -> str:
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self._key_id}
        return jwt.encode(header, _claims(certificate, holder, self._url), self._key, algorithms=[ALGORITHM])


def _claims(certificate: Certificate, holder: str, url: str) -> dict[str, Any]:
    subject, issued = f"urn:uuid:{certificate.user_id}", certificate.issue_date
    until = certificate.expiry_date
    return {
        "iss": url,
        "jti": f"urn:uuid:{certificate.id}",
        "sub": subject,
        "nbf": int(issued.timestamp()),
        **({"exp": int(until.timestamp())} if until else {}),
        "@context": list(CONTEXTS),
        "id": f"urn:uuid:{certificate.id}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": certificate.metadata.course_title,
        "issuer": {"id": url, "type": ["Profile"], "name": certificate.metadata.issuer},
        "validFrom": rfc_3339(issued),
        **({"validUntil": rfc_3339(until)} if until else {}),
        "credentialSubject": {
            "id": subject,
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "identityHash": holder, "identityType": "name", "hashed": False},
            ],
            "achievement": _achievement(certificate),
        },
        "evidence": [
            {"id": certificate.verification_url, "type": ["Evidence"], "name": certificate.certificate_number}
        ],
    }


def _achievement(certificate: Certificate) -> dict[str, Any]:
    kind, narrative = ACHIEVEMENTS[certificate.certificate_type]
    return {
        "id": f"urn:uuid:{certificate.course_id}",
        "type": ["Achievement"],
        "achievementType": kind,
        "name": certificate.metadata.course_title,
        "description": certificate.metadata.course_title,
        "criteria": {"narrative": narrative},
    }


def rfc_3339(moment: datetime) -> str:
    """To the second: what is printed, hashed and signed says the same."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
