"""What we read of other people's packages although nobody has promised it: each part has its test here.

A test that fails names the package, its version, and the file of ours that has to follow: nothing else is
at fault then, however many other tests fail beside it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.http11 import Response
from websockets.streams import StreamReader

from daemon.brain.asr.acoustic_model import Hama
from daemon.brain.asr.constrained_decoding import LetterAutomaton
from daemon.brain.asr.dictionary import Dictionary
from daemon.brain.asr.lexicon import class_of
from daemon.brain.asr.moonshine import BEGIN, END, Moonshine
from daemon.brain.asr.word_network import Network
from daemon.brain.lean_session import open_session
from daemon.brain.server.errors import from_validation
from daemon.brain.tts.hibari_model import lean_model
from daemon.config.error_messages import ConfigError
from daemon.config.loader import parse
from daemon.realtime import events as wire
from daemon.realtime.codec import decode_server
from daemon.wake.engines.micro import LEAD, STEP
from daemon.wake.engines.micro import WORDS as WAKE_WORDS


@contextmanager
def read_by(package: str, *files: str) -> Iterator[None]:
    """Whatever goes wrong in here is this package's doing, and these files' to mend."""
    found = platform.python_version() if package == "python" else version(package)
    try:
        yield
    except (Exception, pytest.fail.Exception) as broken:
        pytest.fail(f"{package} {found} is not what {', '.join(files)} reads: {broken!r}", pytrace=False)


def test_a_broken_part_names_its_package_and_our_reader() -> None:
    with (
        pytest.raises(pytest.fail.Exception, match=r"^msgspec \d.* is not what daemon/x\.py reads: KeyError"),
        read_by("msgspec", "daemon/x.py"),
    ):
        raise KeyError("gone")


# ---------------------------------------------------------------- the engines


def folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def test_moonshine_brings_its_model_and_its_letters_where_we_look() -> None:
    onnxruntime = importlib.import_module("onnxruntime")
    with read_by("moonshine-voice", "daemon/brain/asr/moonshine.py"):
        assets = folder("moonshine_voice") / "assets/tiny-en"
        decoder = onnxruntime.InferenceSession(str(assets / "decoder_model_merged.ort"))
        inputs = {node.name: node.shape for node in decoder.get_inputs()}
        outputs = {node.name for node in decoder.get_outputs()}
        memory = {name for name in inputs if name.startswith("past_key_values.")}
        assert memory
        assert {"input_ids", "encoder_hidden_states"} <= set(inputs)
        assert all(len(inputs[name]) == 4 for name in memory)
        assert {"present" + name.removeprefix("past_key_values") for name in memory} | {"logits"} <= outputs
        assert (BEGIN, END) == (1, 2)
        moonshine = Moonshine()
        stop = LetterAutomaton(Network("stop"), moonshine.trie)
        assert isinstance(moonshine.read(np.zeros(16_000, np.float32), None, stop).free_text, str)


def test_moonshines_model_is_in_the_wheel_that_is_pinned() -> None:
    with read_by("moonshine-voice", "pyproject.toml", "deploy/package/requirements.txt"):
        pin = f"moonshine-voice=={version('moonshine-voice')}"
        for file in ("pyproject.toml", "deploy/package/requirements.txt"):
            assert pin in Path(__file__).parents[1].joinpath(file).read_text()
        sizes = {
            path.name: path.stat().st_size
            for path in (folder("moonshine_voice") / "assets/tiny-en").iterdir()
        }
        assert sizes.keys() == {"encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"}
        assert sizes["decoder_model_merged.ort"] > 2**24


def test_moonshines_model_is_optimised_already() -> None:
    onnxruntime = importlib.import_module("onnxruntime")
    with read_by("moonshine-voice", "daemon/brain/lean_session.py", "daemon/brain/asr/moonshine.py"):
        model = folder("moonshine_voice") / "assets/tiny-en/encoder_model.ort"
        sound = np.random.default_rng(1).standard_normal((1, 16_000)).astype(np.float32) / 10
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        encoded = []
        for session in (onnxruntime.InferenceSession(str(model), options), open_session(model)):
            first, *rest = (node.name for node in session.get_inputs())
            encoded += session.run(
                None, {first: sound, **dict.fromkeys(rest, np.ones(sound.shape, np.int64))}
            )
        np.testing.assert_array_equal(encoded[0], encoded[1])


def test_hamas_session_outlives_its_model_and_has_a_frame_for_20_ms() -> None:
    with read_by("hama", "daemon/brain/asr/acoustic_model.py"):
        hama = Hama()
        for seconds in (1, 3):
            found = hama.log_posteriors(np.zeros(16_000 * seconds, np.float32))
            assert abs(len(found) - 50 * seconds) <= 1
            assert found.shape[1] == len(hama.tokens)
            np.testing.assert_allclose(np.exp(found).sum(axis=1), 1.0, atol=1e-3)


def test_hama_shows_its_model_its_tokens_and_its_letter_to_sound_rules() -> None:
    asr = importlib.import_module("hama.asr")
    hama = importlib.import_module("hama")
    with read_by("hama", "daemon/brain/asr/acoustic_model.py", "daemon/brain/asr/lexicon.py"):
        model = asr.ASRModel()
        assert {node.name for node in model.session.get_inputs()} == {"waveform", "waveform_lengths"}
        assert {node.name for node in model.session.get_outputs()} >= {"log_probs", "out_lengths"}
        assert all(map(class_of, model.decoder_tokens))
        spoken = [aligned.phoneme for aligned in hama.G2PModel()("lamp").alignments]
        assert spoken
        assert set(spoken) <= set(model.decoder_tokens)


def test_hibaris_constructors_set_what_we_set_in_their_place() -> None:
    hibari = importlib.import_module("hibari")
    with read_by("hibari-tts", "daemon/brain/tts/hibari_model.py", "daemon/brain/hibari_tables.py"):
        own, lean = hibari.Hibari(threads=1), lean_model()
        for mine, theirs in (
            (lean, own),
            (lean.g2p, own.g2p),
            (lean.g2p.lexicon, own.g2p.lexicon),
            (lean.g2p.tokenizer, own.g2p.tokenizer),
            (lean.g2p.tagger, own.g2p.tagger),
        ):
            assert type(mine) is type(theirs)
            assert vars(mine).keys() == vars(theirs).keys()
        assert (lean.voice, lean.model_path, lean.vocab) == (own.voice, own.model_path, own.vocab)
        assert lean.g2p.tokenizer.special == own.g2p.tokenizer.special
        assert (lean.g2p.unk, lean.g2p.british) == (own.g2p.unk, own.g2p.british)
        assert [(node.name, node.shape) for node in lean.sess.get_inputs()] == [
            (node.name, node.shape) for node in own.sess.get_inputs()
        ]


def test_hibari_brings_a_dictionary() -> None:
    with read_by("hibari-tts", "daemon/brain/asr/dictionary.py"):
        look_up = Dictionary()
        assert look_up("heater") == [("HH", "IY", "T", "ER")]
        assert set(look_up("live")) == {("L", "AY", "V"), ("L", "IH", "V")}


def test_pymicro_wakeword_shows_its_library_its_means_and_its_steps() -> None:
    micro = importlib.import_module("pymicro_wakeword")
    with read_by("pymicro-wakeword", "daemon/wake/engines/micro.py"):
        assert {each.value for each in micro.Model} == set(WAKE_WORDS)
        model, features = (
            micro.MicroWakeWord.from_builtin(micro.Model("alexa")),
            micro.MicroWakeWordFeatures(),
        )
        assert 0.5 < model.probability_cutoff < 1
        assert model.lib.TfLiteModelCreateFromFile(b"/nowhere") is None
        assert model.lib.TfLiteInterpreterAllocateTensors(model.interpreter) == 0
        sets = list(features.process_streaming(bytes(2 * (LEAD + 10 * STEP))))
        assert len(sets) == 10
        assert all(model.process_streaming_prob(each) is not None for each in sets)
        features.reset()
        assert len(list(features.process_streaming(bytes(2 * (LEAD + STEP))))) == 1


# ---------------------------------------------------------------- msgspec's English


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[log]\nx = 1", 'there is no key "x" here'),
        ('[devices.a]\nkind = "pwm"', 'the key "pin" is missing'),
        ("[devices.a]\npin = 1", 'the key "kind" is missing; add it, one of'),
        ('[realtime]\nturn = "hop"', "'hop' is not possible"),
        ('[devices.a]\nkind = "laser"\npin = 1', "'laser' is not possible"),
        ("[log]\ntranscripts = 1", "this is a whole number; write true or false"),
        ("[realtime]\nmax_wait_s = -1", "this is too small; write 0"),
        ("[realtime]\nmax_wait_s = 999", "this is too large; write 120"),
        ('[state]\ndirectory = ""', "this is empty"),
        ('[lamps.status]\nkind = "rgb"\npins = [1]', "this has 1 entries; write 3"),
    ],
)
def test_msgspecs_complaints_are_told_in_the_owners_words(toml: str, said: str) -> None:
    with read_by("msgspec", "daemon/config/error_messages.py"):
        with pytest.raises(ConfigError) as error:
            parse(toml, "voiced.toml")
        assert said in str(error.value)


@pytest.mark.parametrize(
    ("frame", "left"),
    [
        ('{"type": "response.done", "response": {"id": "r", "status": 7}}', wire.Response(id="r")),
        (
            '{"type": "response.done", "response": {"id": "r", "output": [3, {"id": "i"}]}}',
            wire.Response(id="r", output=[wire.Item(id="i")]),
        ),
        (
            '{"type": "response.done", "response": {"id": "r", "metadata": {"a": "b", "c": 4}}}',
            wire.Response(id="r", metadata={"a": "b"}),
        ),
    ],
)
def test_msgspec_says_where_and_what_the_wrong_value_is(frame: str, left: wire.Response) -> None:
    with read_by("msgspec", "daemon/realtime/codec.py"):
        event = decode_server(frame)
        assert isinstance(event, wire.ResponseDone), event
        assert event.response == left


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    number: int
    sound: bytes = b""


@pytest.mark.parametrize(
    ("value", "code", "param"),
    [
        ({}, "missing_required_parameter", "here.number"),
        ({"number": 1, "more": 2}, "unknown_parameter", "here.more"),
        ({"number": "1"}, "invalid_type", "here.number"),
        ({"number": 1, "sound": "no base64"}, "invalid_value", "here.sound"),
    ],
)
def test_msgspecs_complaints_become_the_services_own(value: Any, code: str, param: str) -> None:
    with read_by("msgspec", "daemon/brain/server/errors.py"):
        with pytest.raises(msgspec.ValidationError) as error:
            msgspec.convert(value, _Strict)
        refusal = from_validation(error.value, "here")
        assert (refusal.detail.code, refusal.detail.param) == (code, param)
        assert "`" not in refusal.detail.message


# ---------------------------------------------------------------- others


def test_tomllib_says_where_it_stopped() -> None:
    with read_by("python", "daemon/config/bounded_toml.py"):
        for text, where in (("[log]\nx = ?", "line 2, column 5"), ("x = ", "end of document")):
            with pytest.raises(ConfigError, match=rf": {where}: this is not TOML \("):
                parse(text, "voiced.toml")


def test_websockets_reads_an_answer_piece_by_piece_and_lets_us_look() -> None:
    with read_by("websockets", "daemon/network/dial.py"):
        reader = StreamReader()
        parsing = Response.parse(reader.read_line, reader.read_exact, reader.read_to_eof, include_body=False)
        reader.feed_data(b"HTTP/1.1 401 No\r\n")
        next(parsing)
        reader.feed_data(b"Retry-After: 7\r\n\r\n")
        with pytest.raises(StopIteration) as whole:
            next(parsing)
        assert (whole.value.value.status_code, whole.value.value.headers["Retry-After"]) == (401, "7")
        assert inspect.iscoroutinefunction(ClientConnection.handshake)
        assert callable(ClientConnection.data_received)


def test_gpiozero_makes_its_pins_by_the_factory_that_it_is_given() -> None:
    local = importlib.import_module("gpiozero.pins.local")
    with read_by("gpiozero", "hardware/gpio/chip_factory.py"):
        for name in ("pin", "close", "release_pins", "reserve_pins"):
            assert callable(getattr(local.LocalPiFactory, name))
        values = ("function", "state", "pull", "frequency", "bounce", "edges")
        hooks = [f"_set_{value}" for value in values] + ["_get_pull", "_get_state", "_call_when_changed"]
        hooks += ["_enable_event_detect", "_disable_event_detect"]
        for name in hooks:
            assert callable(getattr(local.LocalPiPin, name))
