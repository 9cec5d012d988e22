"""Opus (RFC 6716) in 20 ms of mono at 48 kHz, as it is spoken, mixed and sent here. Knows bytes and samples, no RTP and no clock."""

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono samples at 48 kHz, one dimension."""

RATE = 48_000
FRAME = 960
"""Samples of 20 ms."""

FRAME_S = FRAME / RATE
BITRATE = 32_000
PACKET_SAMPLES_MAX = 5_760  # 120 ms, RFC 6716 section 3.2
SILENCE = b"\xf8\xff\xfe"
"""20 ms of nothing: one CELT frame, full band, mono."""

SILK_FRAMES = (480, 960, 1_920, 2_880)
CELT_FRAMES = (120, 240, 480, 960)
TIME_BASE = Fraction(1, RATE)
# In-band FEC lets a listener mend one lost packet by the next; a tenth lost is what the encoder prepares for. Complexity 5 costs
# two thirds of the default 10 and is not told apart at this bitrate.
OPTIONS = {"application": "voip", "frame_duration": "20", "compression_level": "5", "fec": "1", "packet_loss": "10"}


class Undecodable(ValueError):
    """No Opus packet, or one that its decoder refuses."""


class Encoder:
    """Keeps state from packet to packet: one per stream that somebody hears."""

    def __init__(self, bitrate: int = BITRATE) -> None:
        codec = av.CodecContext.create("libopus", "w")
        assert isinstance(codec, av.AudioCodecContext)
        codec.sample_rate, codec.layout, codec.format = RATE, "mono", "s16"
        codec.bit_rate, codec.time_base, codec.options = bitrate, TIME_BASE, dict(OPTIONS)
        self._codec = codec
        self._frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        self._frame.sample_rate, self._frame.time_base = RATE, TIME_BASE
        self._pts = 0

    def encode(self, pcm: Pcm) -> bytes:
        """`pcm`: exactly FRAME samples. One packet at once: frames of this size are not held back."""
        self._frame.planes[0].update(pcm.astype(np.int16, copy=False).tobytes())
        self._frame.pts = self._pts
        self._pts += FRAME
        (packet,) = self._codec.encode(self._frame)
        return bytes(packet)


class Decoder:
    """Keeps state from packet to packet: one per stream that comes in. Stereo is heard as mono."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "r")
        assert isinstance(codec, av.AudioCodecContext)
        codec.sample_rate, codec.layout, codec.format = RATE, "mono", "s16"
        self._codec = codec

    def decode(self, packet: bytes) -> Pcm:
        """`frame_samples(packet)` samples. Raises Undecodable; the next packet may be a good one."""
        frame_samples(packet)
        try:
            frames = self._codec.decode(av.Packet(packet))
        except (av.FFmpegError, ValueError) as error:
            raise Undecodable(str(error)) from error
        if not frames:
            raise Undecodable("nothing came of it")
        return np.concatenate([each.to_ndarray()[0] for each in frames])


def frame_samples(packet: bytes) -> int:
    """How long it sounds, by its first bytes (RFC 6716 section 3.1)."""
    if not packet:
        raise Undecodable("empty")
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        samples = SILK_FRAMES[config & 3]
    elif config < 16:
        samples = SILK_FRAMES[config & 1]
    else:
        samples = CELT_FRAMES[config & 3]
    if code == 3 and len(packet) < 2:
        raise Undecodable("no count of frames")
    count = packet[1] & 0x3F if code == 3 else (1, 2, 2)[code]
    if not 0 < samples * count <= PACKET_SAMPLES_MAX:
        raise Undecodable("of impossible length")
    return samples * count
