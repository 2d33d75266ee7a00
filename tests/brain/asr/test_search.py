from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from daemon.brain.asr.confidence import Confidence
from daemon.brain.asr.constrained_decoding import LetterAutomaton, Trie
from daemon.brain.asr.lexicon import Lexicon, to_latin, without_r
from daemon.brain.asr.viterbi import FILLER_COST, Floats, Layout, WordGraph
from daemon.brain.asr.word_network import Network
from tests.bench.levels import fit
from tests.bench.train_confusions import align

SOUNDS: dict[str, list[tuple[int, ...]]] = {"a": [(0,)], "b": [(1, 2), (2,)], "cc": [(3, 3)], "!d": [(1, 0)]}
BLANK = 4
PATTERN = "( a | b [ a ] | !d ) [ cc ]"
SENTENCES = [[*head, *tail] for head in (["a"], ["b"], ["b", "a"], ["!d"]) for tail in ([], ["cc"])]
SCORES = arrays.arrays(np.float32, (7, 5), elements=st.floats(-9, 0, width=16))


def graph() -> WordGraph:
    return WordGraph(Layout.of(Network(PATTERN), SOUNDS.__getitem__), BLANK)


def laid_along(scores: Floats, words: list[str]) -> float:
    """The best score of one sentence, by the alignment that learning uses."""
    found = -np.inf
    for spoken in product(*(SOUNDS[word] for word in words)):
        phones = np.array([label for word in spoken for label in word])
        labels = align(scores, phones, BLANK)
        possible = [label for index, label in enumerate(labels) if index == 0 or label != labels[index - 1]]
        if [label for label in possible if label != BLANK] == list(phones):
            found = max(found, float(scores[np.arange(len(scores)), labels].sum()))
    return found - float(FILLER_COST) * words.count("!d")


@settings(max_examples=60)
@given(SCORES)
def test_the_search_finds_the_best_of_all_sentences(scores: Floats) -> None:
    path, _ = graph().best(scores)
    best = max(laid_along(scores, words) for words in SENTENCES)
    assert path.score == pytest.approx(best, abs=1e-3)


@given(SCORES)
def test_the_words_of_the_path_are_a_sentence_and_their_scores_fall(scores: Floats) -> None:
    here = graph()
    path, near = here.best(scores)
    assert [here.words[word.arc] for word in path.words] in SENTENCES
    assert {word.arc for word in path.words} <= set(near)
    frames = [word.last_frame for word in path.words]
    assert frames == sorted(set(frames))


@given(SCORES)
def test_forbidding_words_is_searching_without_them(scores: Floats) -> None:
    here = graph()
    forbidden = [[arc for arc, word in enumerate(here.words) if word == gone] for gone in ("a", "cc")]
    for score, gone in zip(here.without(scores, forbidden), ("a", "cc"), strict=True):
        left = max(laid_along(scores, words) for words in SENTENCES if gone not in words)
        assert score == pytest.approx(left, abs=1e-3)


def test_a_writer_can_write_the_sentences_and_nothing_else() -> None:
    pieces = [
        b"<a>",
        b"<b>",
        b"<c>",
        *(bytes([letter]) for letter in b"tonfel2%"),
        " T".replace(" ", "▁").encode(),
    ]
    pieces += ["▁".encode(), b"on", b".", b"turn", b"of", b"f"]
    automaton = LetterAutomaton(Network("turn ( on | off ) [ two percent | #2 percent ]"), Trie.of(pieces))

    def takes(*written: str) -> bool:
        state = automaton.start
        for piece in written:
            allowed = automaton.allowed(state)
            number = pieces.index(piece.encode())
            if number not in allowed.pieces:
                return False
            state = allowed.states[list(allowed.pieces).index(number)]
        return automaton.allowed(state).may_end

    assert takes("turn", "▁", "on", ".")
    assert takes("turn", "▁", "of", "f", "▁", "2", "%")
    assert not takes("turn", "▁", "of")
    assert not takes("turn", "▁")
    assert not takes("on")


def test_what_cannot_be_said_has_no_pronunciation() -> None:
    lexicon = Lexicon(lambda word: list(word))
    assert lexicon.pronunciations("лампа") == []
    assert lexicon.pronunciations("#25") == []
    assert lexicon.pronunciations("café") == [("K", "AA", "F", "EY")]


@pytest.mark.parametrize(
    ("word", "spelled"),
    [
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Ørsted", "orsted"),
        ("Ægir", "aegir"),
        ("œuvre", "oeuvre"),
        ("Đorđe", "dorde"),
        ("Þór", "thor"),
        ("ışık", "isik"),
        ("ＴＶ", "tv"),
    ],
)
def test_no_letter_of_a_foreign_word_is_left_out_of_its_pronunciation(word: str, spelled: str) -> None:
    assert to_latin(word) == spelled


@pytest.mark.parametrize(
    ("american", "british"),
    [
        ("D AA R", "D AA"),
        ("R EH D", "R EH D"),
        ("HH IY T ER", "HH IY T AH"),
        ("T EH M P R AH CH ER", "T EH M P R AH CH AH"),
    ],
)
def test_british_speakers_leave_the_r_out(american: str, british: str) -> None:
    assert without_r(tuple(american.split())) == tuple(british.split())


def test_sureness_is_learned_from_right_and_wrong() -> None:
    random = np.random.default_rng(5)
    right = (random.random(400) < 0.5).astype(np.float32)
    figures = np.stack([right * 2 + random.standard_normal(400), random.standard_normal(400)], axis=1)
    weights, bias = fit(figures.astype(np.float32), right)
    sureness = Confidence(weights, bias, sure=1.0, ask=-1.0)
    assert weights[0] > 5 * abs(weights[1])
    certainties = [sureness.certainty(sureness.odds(np.array([x, 0], np.float32)), 2.0) for x in (3, 1, -2)]
    assert certainties == ["sure", "ask", "refuse"]
    assert sureness.certainty(9.0, margin=0.1) == "ask"
