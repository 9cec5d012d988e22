"""Offers of every kind (attacks 61 and 62): what a browser really sends is understood, everything else is refused by its code, and
nothing of a stranger's text goes on to the engine.
"""

import re
from collections.abc import Callable

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from media.offers import CANDIDATES_MAX, MEDIA_MAX, SDP_BYTES_MAX, OfferRefused, read_offer

FINGERPRINT = ":".join(["A0"] * 32)
CHROMIUM = f"""v=0
o=- 8800897540244194126 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 3a320b20-5b61-46b6-9ab6-6f78e4c2a1e9
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1376114874 1 udp 2113937151 f1f90751-97b4-4e1b-a1b4-d098c35ae0f9.local 38191 typ host generation 0 network-cost 999
a=ice-ufrag:+5Mw
a=ice-pwd:lGmLe2DzZvgNWV5ZBL3MOUey
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:3a320b20-5b61-46b6-9ab6-6f78e4c2a1e9 18ee5829-2ae5-4fde-b28c-b7bc38d06c36
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=rtpmap:9 G722/8000
a=ssrc:3328582087 cname:DbFBvPzjDJA0qUvl
"""
FIREFOX = f"""v=0
o=mozilla...THIS_IS_SDPARTA-99.0 6417210391204938405 0 IN IP4 0.0.0.0
s=-
t=0 0
a=fingerprint:sha-256 {FINGERPRINT}
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 53212 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 192.0.2.4
a=candidate:0 1 UDP 2122252543 192.0.2.4 53212 typ host
a=sendrecv
a=end-of-candidates
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=ice-pwd:05a4a7a0b4b1d5c8f2e0c4c0d9b5d6a1
a=ice-ufrag:8b2f1c3d
a=mid:0
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=setup:actpass
"""


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize("sdp", [crlf(CHROMIUM), CHROMIUM, crlf(FIREFOX)])
def test_what_browsers_send_is_understood(sdp: str) -> None:
    offer = read_offer(sdp)
    assert (offer.mid, offer.direction, offer.setup) == ("0", "sendrecv", "actpass")
    assert offer.fingerprints == (f"sha-256 {FINGERPRINT}",)
    assert offer.payload_type in {111, 109}


def test_nothing_of_the_text_goes_on_but_what_was_understood() -> None:
    """No candidate above all: not its own, not a `.local` one, not anybody's."""
    written = str(read_offer(crlf(CHROMIUM)))
    assert not re.search(r"candidate|\.local|extmap|ssrc|msid|red/", written)
    (media,) = SessionDescription.parse(written).media
    assert media.ice is not None
    assert (media.kind, media.ice.usernameFragment, media.rtcp_mux) == ("audio", "+5Mw", True)
    assert [each.mimeType for each in media.rtp.codecs] == ["audio/opus"]
    assert media.ice_candidates == []
    assert not media.ice_candidates_complete


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "8.8.8.8",
    ],
)
def test_no_address_that_somebody_names_is_kept(address: str) -> None:
    """Attack 61: aioice would send checks to every one of them."""
    named = CHROMIUM.replace("f1f90751-97b4-4e1b-a1b4-d098c35ae0f9.local", address)
    assert address not in str(read_offer(named))


def with_line(after: str, line: str) -> str:
    return CHROMIUM.replace(after, f"{after}{line}\n", 1)


def without(line: str) -> str:
    assert f"{line}\n" in CHROMIUM
    return CHROMIUM.replace(f"{line}\n", "")


CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.{} 4000 typ host\n"
REFUSED: dict[str, tuple[str, object]] = {
    "no text": ("sdp.malformed", None),
    "a number": ("sdp.malformed", 7),
    "nothing": ("sdp.malformed", ""),
    "something else": ("sdp.malformed", "hello"),
    "version 1": ("sdp.malformed", CHROMIUM.replace("v=0", "v=1")),
    "NUL": ("sdp.malformed", CHROMIUM.replace("s=-", "s=\0")),
    "a lone carriage return": ("sdp.malformed", CHROMIUM.replace("s=-", "s=\ra=x")),
    "a half of a surrogate pair": ("sdp.malformed", CHROMIUM.replace("s=-", "s=\ud800")),
    "too large": ("sdp.too_large", CHROMIUM + "a=x:" + "y" * SDP_BYTES_MAX),
    "too large in bytes": ("sdp.too_large", CHROMIUM + "a=x:" + "é" * (SDP_BYTES_MAX // 2)),
    "5 MB": ("sdp.too_large", CHROMIUM + "a=x\n" * 1_250_000),
    "10,000 candidates": ("sdp.too_large", CHROMIUM + "".join(CANDIDATE.format(each) for each in range(10_000))),
    "33 candidates": ("sdp.too_large", CHROMIUM + "".join(CANDIDATE.format(e) for e in range(CANDIDATES_MAX))),
    "many m-lines": ("sdp.too_large", CHROMIUM + "m=audio 9 UDP/TLS/RTP/SAVPF 111\n" * MEDIA_MAX),
    "a camera": ("sdp.video", CHROMIUM + "m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:1\n"),
    "only a camera": ("sdp.video", CHROMIUM.replace("m=audio", "m=video")),
    "two microphones": ("sdp.unsupported", CHROMIUM + "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:1\n"),
    "a data channel": ("sdp.unsupported", CHROMIUM + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"),
    "no media": ("sdp.unsupported", CHROMIUM.partition("m=")[0]),
    "no Opus": ("sdp.unsupported", CHROMIUM.replace("opus/48000/2", "speex/48000/2")),
    "Opus of a type that is not listed": ("sdp.unsupported", CHROMIUM.replace("rtpmap:111 ", "rtpmap:112 ")),
    "Opus of a static type": ("sdp.unsupported", CHROMIUM.replace("111", "10")),
    "in the clear": ("sdp.unsupported", CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")),
    "an m-line that ends early": (
        "sdp.unsupported",
        CHROMIUM.replace(" 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", ""),
    ),
    "no rtcp-mux": ("sdp.unsupported", without("a=rtcp-mux")),
    "no ufrag": ("sdp.malformed", without("a=ice-ufrag:+5Mw")),
    "a ufrag of other letters": ("sdp.malformed", CHROMIUM.replace("+5Mw", "+5M;\x7f")),
    "a short password": ("sdp.malformed", CHROMIUM.replace("lGmLe2DzZvgNWV5ZBL3MOUey", "short")),
    "no password": ("sdp.malformed", without("a=ice-pwd:lGmLe2DzZvgNWV5ZBL3MOUey")),
    "no fingerprint": ("sdp.malformed", without(f"a=fingerprint:sha-256 {FINGERPRINT}")),
    "a weak fingerprint": ("sdp.malformed", CHROMIUM.replace("sha-256", "sha-1")),
    "a short fingerprint": ("sdp.malformed", CHROMIUM.replace(FINGERPRINT, FINGERPRINT[:-3])),
    "no role": ("sdp.malformed", without("a=setup:actpass")),
    "a role that is none": ("sdp.malformed", CHROMIUM.replace("actpass", "holdconn")),
    "no mid": ("sdp.malformed", without("a=mid:0")),
    "a mid that is markup": ("sdp.malformed", CHROMIUM.replace("a=mid:0", "a=mid:<b>")),
    "no origin": ("sdp.malformed", CHROMIUM.replace("o=-", "x=-")),
    "an origin that is none": ("sdp.malformed", CHROMIUM.replace("o=- 8800897540244194126", "o=- x")),
    "two directions": ("sdp.malformed", with_line("a=sendrecv\n", "a=recvonly")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_one_audio_connection_is_refused_by_its_code(name: str) -> None:
    code, sdp = REFUSED[name]
    with pytest.raises(OfferRefused) as refused:
        read_offer(sdp)
    assert refused.value.code == code


def test_the_limits_themselves_are_allowed() -> None:
    candidates = "".join(CANDIDATE.format(each) for each in range(CANDIDATES_MAX - 1))
    filled = (CHROMIUM + candidates + "a=x:").ljust(SDP_BYTES_MAX, "y")
    assert read_offer(filled).mid == "0"


@given(st.data())
def test_a_browsers_offer_with_anything_done_to_it_is_understood_or_refused(data: st.DataObject) -> None:
    lines = CHROMIUM.split("\n")
    garble: list[Callable[[str], str]] = [
        lambda line: line[: data.draw(st.integers(0, len(line)))],
        lambda line: line + data.draw(st.text(max_size=20)),
        lambda line: line.replace(data.draw(st.sampled_from("a:=/ 01")), data.draw(st.text(max_size=3))),
        lambda _: data.draw(st.text(max_size=50)),
    ]
    for _ in range(data.draw(st.integers(1, 4))):
        number = data.draw(st.integers(0, len(lines) - 1))
        lines[number] = data.draw(st.sampled_from(garble))(lines[number])
    try:
        offer = read_offer("\r\n".join(lines))
    except OfferRefused:
        pass
    else:
        assert [each.kind for each in SessionDescription.parse(str(offer)).media] == ["audio"]


def test_the_same_connection_with_another_direction_is_told_from_another_one() -> None:
    first = read_offer(CHROMIUM)
    assert read_offer(CHROMIUM.replace("a=sendrecv", "a=recvonly")).is_of(first)
    other = read_offer(CHROMIUM.replace("8800897540244194126", "1").replace("+5Mw", "abcd"))
    assert not other.is_of(first)
    assert not other.restarts(first)


def test_new_ice_credentials_of_the_same_connection_are_a_restart() -> None:
    assert read_offer(CHROMIUM.replace("+5Mw", "abcd")).restarts(read_offer(CHROMIUM))
