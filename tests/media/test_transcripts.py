"""Transcripts: who said what on one clock, and the files that are made of it (attack 59)."""

import pytest

from media.transcriber import Segment, Word
from media.transcripts import Line, as_srt, as_text, as_vtt, confidence_of, merged, shifted, within

ANA, BEN = "a" * 8, "b" * 8
NAMES = {ANA: "Ana", BEN: "Ben <b>&"}


def said(start: float, end: float, text: str, confidence: float = 0.9) -> Segment:
    words = tuple(Word(word, start, end, 0.5) for word in text.split())
    return Segment(start, end, text, confidence, words)


def test_tracks_are_put_together_in_the_order_of_their_beginnings() -> None:
    lines = merged(
        {
            BEN: [said(0.5, 4.0, "Two."), said(9.0, 9.5, "Four.")],
            ANA: [said(0.0, 1.0, "One."), said(4.0, 5.0, "Three.")],
        }
    )
    assert [(line.user, line.segment.text) for line in lines] == [
        (ANA, "One."),
        (BEN, "Two."),
        (ANA, "Three."),
        (BEN, "Four."),
    ]


def test_who_speaks_at_the_same_time_is_heard_too() -> None:
    lines = merged({BEN: [said(1.0, 2.0, "Yes.")], ANA: [said(1.0, 2.0, "No.")]})
    assert [line.user for line in lines] == [ANA, BEN]


def test_a_sentence_moves_with_its_words() -> None:
    moved = shifted(said(1.0, 2.0, "Well then."), 1_500.0)
    assert (moved.start, moved.end) == (1_501.0, 1_502.0)
    assert {(word.start, word.end) for word in moved.words} == {(1_501.0, 1_502.0)}


def test_a_part_has_what_begins_in_it() -> None:
    lines = merged({ANA: [said(1.0, 2.0, "One."), said(9.5, 10.5, "Two."), said(10.0, 11.0, "Three.")]})
    assert [line.segment.text for line in within(lines, 0.0, 10.0)] == ["One.", "Two."]
    assert [line.segment.text for line in within(lines, 10.0, None)] == ["Three."]


def test_confidence_is_by_time() -> None:
    assert confidence_of([said(0.0, 9.0, "Long.", 1.0), said(9.0, 10.0, "Short.", 0.0)]) == 0.9
    assert confidence_of([]) == 0.0


LINES = [Line(ANA, said(0.0, 1.25, "Tea & <i>pots</i> --> here")), Line(BEN, said(3_661.5, 3_661.5, "Yes."))]


def test_webvtt() -> None:
    assert as_vtt(LINES, NAMES.__getitem__) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.250\n<v Ana>Tea &amp; &lt;i&gt;pots&lt;/i&gt; --&gt; here</v>\n\n"
        "01:01:01.500 --> 01:01:01.800\n<v Ben &lt;b&gt;&amp;>Yes.</v>\n"
    )


def test_subrip() -> None:
    assert as_srt(LINES, NAMES.__getitem__) == (
        "1\n00:00:00,000 --> 00:00:01,250\nAna: Tea & ‹i›pots‹/i› → here\n\n2\n01:01:01,500 --> 01:01:01,800\nBen ‹b›&: Yes.\n"
    )


def test_text_has_a_paragraph_for_each_turn() -> None:
    lines = [Line(ANA, said(0, 1, "One.")), Line(ANA, said(2, 3, "Two.")), Line(BEN, said(65, 66, "Three."))]
    assert (
        as_text(lines, {ANA: "Ana", BEN: "Ben"}.__getitem__) == "[00:00:00] Ana: One. Two.\n\n[00:01:05] Ben: Three.\n"
    )


@pytest.mark.parametrize("text", ["a\n\n00:00:00.000 --> 00:01:00.000\n<v Mara>forged", "NOTE\r\n\r\nx", "a\u2028b"])
def test_attack_59_no_words_end_a_cue(text: str) -> None:
    line = Line(ANA, said(0, 1, text))
    cue = as_vtt([line], lambda _user: text).removeprefix("WEBVTT\n\n")
    assert len(cue.splitlines()) == 2
    assert cue.count("-->") == 1
    assert len(as_srt([line], lambda _user: "Ana").splitlines()) == 3
