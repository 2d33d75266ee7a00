from __future__ import annotations

import importlib.util
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from daemon.brain.asr.confidence import Confidence
from daemon.brain.asr.constrained_decoding import LetterAutomaton, Trie
from daemon.brain.asr.dictionary import Dictionary
from daemon.brain.asr.lexicon import Lexicon, to_latin, without_r
from daemon.brain.asr.scoring import NARROW_WIN, match
from daemon.brain.asr.viterbi import FILLER_COST, Floats, Layout, WordGraph
from daemon.brain.asr.word_network import Network
from daemon.brain.nlu.template_syntax import plain
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


@settings(max_examples=200)
@given(SCORES)
def test_a_filler_word_that_wins_narrowly_leaves_the_best_command_to_be_asked(scores: Floats) -> None:
    greedy = scores.max(axis=1)
    found = match(graph(), scores, greedy, 3)
    filler, command = (
        max(laid_along(scores, words) for words in SENTENCES if ("!d" in words) == with_filler)
        for with_filler in (True, False)
    )
    if filler > command + NARROW_WIN + 1e-3:
        assert found.out_of_grammar
    elif command + 1e-3 < filler < command + NARROW_WIN - 1e-3:
        assert not found.out_of_grammar
        assert found.score == pytest.approx(command, abs=1e-3)
        assert found.margin == found.strict_margin == pytest.approx(command - filler, abs=1e-3)
    elif filler < command - 1e-3:
        assert not found.out_of_grammar
        assert found.margin >= 0


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


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("a", True),
        ("b a", True),
        ("b a cc", True),
        ("", False),
        ("a a", False),
        ("d", False),
        ("d cc", False),
    ],
)
def test_a_sentence_with_a_filler_word_is_no_command(words: str, command: bool) -> None:
    assert LetterAutomaton(Network(PATTERN), Trie()).is_command(words.split()) == command


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


def test_a_dictionary_stands_beside_the_rules_and_a_list_before_both() -> None:
    lexicon = Lexicon(list, lambda _word: [("L", "AY", "M", "AH")])
    assert lexicon.pronunciations("lima") == [("L", "AY", "M", "AH"), ("L", "IY", "M", "AA")]
    assert lexicon.pronunciations("!on") == Lexicon(list).pronunciations("on")


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("heater", ["HH IY T ER"]),
        ("zero", ["Z IH R OW"]),
        ("read", ["R EH D", "R IY D"]),
        ("garage", ["G ER AA ZH"]),
        ("lumibot", []),
        ('"', []),
        ("", []),
    ],
)
def test_the_dictionary_in_the_voice_package(word: str, forms: list[str]) -> None:
    """Its file is no promise of that package: this tells when a new release has another."""
    assert Dictionary()(word) == [tuple(form.split()) for form in forms]


def test_without_the_voice_package_there_is_no_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert Dictionary()("heater") == []


@pytest.mark.parametrize(("written", "form"), [("I'd", "AY D"), ("don't", "D OW N T"), ("can't", "K AE N T")])
def test_a_contraction_is_said_as_one_though_its_apostrophe_is_gone(written: str, form: str) -> None:
    assert tuple(form.split()) in Lexicon(list).pronunciations(plain(written))


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
