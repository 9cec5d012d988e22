"""The SDP (RFC 8866, JSEP RFC 9429) of an offer to speak and hear: what is understood of it, and nothing else. What goes on to the
engine is written anew from that, so no line of a stranger's reaches it; whatever is not one audio connection is refused.

No candidate of an offer is used (attack 61): the server waits for a browser's checks and answers where they really come from
(peer-reflexive, RFC 8445 section 7.3.1.3). So it never sends a packet to an address that somebody merely names, be it loopback,
metadata or a neighbour, nor has to resolve a `.local` name, and people in one private network still find each other.
"""

import re
from dataclasses import dataclass

SDP_BYTES_MAX = 32_000
MEDIA_MAX = 2
CANDIDATES_MAX = 32
FINGERPRINTS_MAX = 4

UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)  # RFC 8839 section 5.4
PWD = re.compile(r"[A-Za-z0-9+/]{22,256}", re.ASCII)
MID = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII)
SESSION = re.compile(r"[0-9]{1,20}", re.ASCII)
FINGERPRINT = re.compile(r"(sha-256|sha-384|sha-512) ((?:[0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2})", re.ASCII)
RTPMAP = re.compile(r"([0-9]{2,3}) opus/48000/2", re.ASCII | re.IGNORECASE)
PROFILE = "UDP/TLS/RTP/SAVPF"
DIRECTIONS = {"sendrecv", "sendonly", "recvonly", "inactive"}
DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
BITRATE_MAX = 40_000


class OfferRefused(Exception):
    """`code` is stable: `sdp.malformed`, `sdp.too_large`, `sdp.video`, `sdp.unsupported`, `ice.restart`, `ice.unavailable`,
    `audio.absent`, `audio.replaced`. `detail` is for whoever reads a log.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Offer:
    """What was understood."""

    session: str
    mid: str
    ufrag: str
    pwd: str
    fingerprints: tuple[str, ...]
    setup: str
    payload_type: int
    direction: str

    def is_of(self, other: "Offer") -> bool:
        """The same connection of the same browser, offered again with another direction: it keeps its password."""
        return self.connection == other.connection and self.payload_type == other.payload_type

    @property
    def connection(self) -> tuple[object, ...]:
        return self.mid, self.ufrag, self.pwd, self.fingerprints, self.setup

    def restarts(self, other: "Offer") -> bool:
        """The same browser's connection with new ICE credentials (RFC 8445 section 9), which the engine cannot do."""
        return (self.session, self.fingerprints) == (other.session, other.fingerprints) and self.ufrag != other.ufrag

    def __str__(self) -> str:
        lines = ["v=0", f"o=- {self.session} 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {self.mid}"]
        lines += [f"m=audio 9 {PROFILE} {self.payload_type}", "c=IN IP4 0.0.0.0", f"a=mid:{self.mid}"]
        lines += [
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.pwd}",
            *(f"a=fingerprint:{e}" for e in self.fingerprints),
        ]
        lines += [
            f"a=setup:{self.setup}",
            f"a={self.direction}",
            "a=rtcp-mux",
            f"a=rtpmap:{self.payload_type} opus/48000/2",
        ]
        return "".join(f"{line}\r\n" for line in lines)


def read_offer(sdp: object) -> Offer:
    """Raises OfferRefused, for anything."""
    if not isinstance(sdp, str):
        raise OfferRefused("sdp.malformed", "no text")
    if len(sdp) > SDP_BYTES_MAX or len(sdp.encode("utf-8", "replace")) > SDP_BYTES_MAX:
        raise OfferRefused("sdp.too_large", f"at most {SDP_BYTES_MAX} bytes")
    lines = sdp.replace("\r\n", "\n").split("\n")
    if lines[0] != "v=0" or any(not line.isprintable() for line in lines):
        raise OfferRefused("sdp.malformed", "no session description")
    session, audio = _sections(lines)
    return _understood(_Attributes(session), _Attributes(audio))


def _sections(lines: list[str]) -> tuple[list[str], list[str]]:
    """The session's part, and that of its one audio connection."""
    starts = [number for number, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > MEDIA_MAX:
        raise OfferRefused("sdp.too_large", f"at most {MEDIA_MAX} m-lines")
    kinds = [lines[start][2:].partition(" ")[0] for start in starts]
    if "video" in kinds:
        raise OfferRefused("sdp.video", "sound only")
    if kinds != ["audio"]:
        raise OfferRefused("sdp.unsupported", "exactly one audio m-line")
    if sum(line.startswith("a=candidate:") for line in lines) > CANDIDATES_MAX:
        raise OfferRefused("sdp.too_large", f"at most {CANDIDATES_MAX} candidates")
    return lines[: starts[0]], lines[starts[0] :]


class _Attributes:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def values(self, name: str) -> list[str]:
        return [line[len(name) + 3 :] for line in self.lines if line.startswith(f"a={name}:")]

    def flags(self) -> set[str]:
        return {line[2:] for line in self.lines if line.startswith("a=") and ":" not in line}


def _understood(session: _Attributes, audio: _Attributes) -> Offer:
    def one(name: str, pattern: re.Pattern[str]) -> str:
        """The connection's own word goes before the session's."""
        found = (audio.values(name) or session.values(name) or [""])[0]
        if not pattern.fullmatch(found):
            raise OfferRefused("sdp.malformed", f"a={name}")
        return found

    if "rtcp-mux" not in audio.flags():
        raise OfferRefused("sdp.unsupported", "without rtcp-mux")
    return Offer(
        session=_session_id(session.lines),
        mid=one("mid", MID),
        ufrag=one("ice-ufrag", UFRAG),
        pwd=one("ice-pwd", PWD),
        fingerprints=_fingerprints(audio.values("fingerprint") or session.values("fingerprint")),
        setup=one("setup", re.compile("actpass|active|passive")),
        payload_type=_opus(audio),
        direction=_direction(audio.flags() & DIRECTIONS or session.flags() & DIRECTIONS),
    )


def _session_id(lines: list[str]) -> str:
    fields = next((line[2:].split(" ") for line in lines if line.startswith("o=")), [])
    if len(fields) != 6 or not SESSION.fullmatch(fields[1]):
        raise OfferRefused("sdp.malformed", "o=")
    return fields[1]


def _fingerprints(values: list[str]) -> tuple[str, ...]:
    """Of the kinds the engine compares (RFC 8122); DTLS without one would be a call with anybody."""
    found = [match for match in map(FINGERPRINT.fullmatch, values[:FINGERPRINTS_MAX]) if match]
    whole = [match for match in found if len(match[2]) == DIGEST_BYTES[match[1]] * 3 - 1]
    if not whole:
        raise OfferRefused("sdp.malformed", "a=fingerprint")
    return tuple(match[0] for match in whole)


def _opus(audio: _Attributes) -> int:
    _, _, profile, *types = [*audio.lines[0].split(" "), "", ""]  # m=audio <port> <profile> <payload types>
    offered = [int(match[1]) for match in map(RTPMAP.fullmatch, audio.values("rtpmap")) if match and match[1] in types]
    found = next((each for each in offered if 96 <= each <= 127), None)
    if profile != PROFILE or found is None:
        raise OfferRefused("sdp.unsupported", "no Opus over DTLS-SRTP")
    return found


def _direction(named: set[str]) -> str:
    if len(named) > 1:
        raise OfferRefused("sdp.malformed", "two directions")
    return next(iter(named), "sendrecv")


def answer_text(engine_sdp: str, offer: Offer) -> str:
    """The engine's answer and how we like to be spoken to (RFC 7587 section 6.1): mono, at most 40 kbit/s, 20 ms a packet.

    Forward error correction is not asked for: what is lost is lost for the recording, too, and its place is marked."""
    wishes = f"minptime=20;stereo=0;sprop-stereo=0;maxaveragebitrate={BITRATE_MAX};useinbandfec=0"
    rtpmap = f"a=rtpmap:{offer.payload_type} opus/48000/2\r\n"
    before, found, after = engine_sdp.partition(rtpmap)
    assert found, "the engine answers with the codec that was offered"
    return f"{before}{rtpmap}a=fmtp:{offer.payload_type} {wishes}\r\na=ptime:20\r\n{after}"
