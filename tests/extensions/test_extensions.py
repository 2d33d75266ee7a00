"""Extensions hold up the service: whatever an owner's file does, others answer and the service goes on."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.extensions import child, spawn
from daemon.extensions.files import ToolFileError
from daemon.extensions.launch import Launch, LocalProcess
from daemon.extensions.messages import ToolOffer
from daemon.extensions.output import Printed
from daemon.extensions.worker import MAX_CALLS
from tests.extensions.rig import CHANNEL, GOOD, Rig, alive, children, put, rigged, run, tool_of

MINE = '''
@tool
def mine() -> str:
    """Be there."""
    return "mine"
'''


def test_a_service_that_leaves_before_a_child_is_dead_says_nothing_of_it() -> None:
    async def main() -> None:
        LocalProcess(theirs.fileno(), theirs.fileno())

    before = set(spawn.unreaped)
    ours, theirs = socket.socketpair()  # held open, so that the child lives on
    with ours, theirs:
        with warnings.catch_warnings(record=True) as complaints:
            warnings.simplefilter("always")
            asyncio.run(main())
            gc.collect()
        (left,) = spawn.unreaped - before
        assert left.returncode is None
        assert complaints == []
        spawn.kill(left)
        spawn.reap(left)


# ---------------------------------------------------------------- at the import

TOO_LONG = "its import takes longer than 1 seconds: do in a tool what takes long"
CRASHED = "at its import: see what it does there"
AT_IMPORT = {
    "an endless loop": ("while True:\n    pass", f"bad.py:3: {TOO_LONG}"),
    "a sleep": ("time.sleep(3600)", f"bad.py:3: {TOO_LONG}"),
    "a loop in C": ("sum(iter(int, 1))", f"bad.py: {TOO_LONG}"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "bad.py:3: KeyboardInterrupt: correct the line"),
    "SystemExit": ("sys.exit(3)", "bad.py:3: SystemExit: 3: correct the line"),
    "CancelledError": ("raise asyncio.CancelledError", "bad.py:3: asyncio.exceptions.CancelledError"),
    "GeneratorExit": ("raise GeneratorExit", "bad.py:3: GeneratorExit: correct the line"),
    "words that raise": (
        "class E(BaseException):\n    def __str__(self): raise self\nraise E",
        "bad.py:5: voiced_tools_bad.E: <exception str() failed>",
    ),
    "its own BaseException": ("class E(BaseException): 0\nraise E(1)", "bad.py:4: voiced_tools_bad.E: 1"),
    "os._exit": ("os._exit(0)", f"bad.py: its process ended with status 0 {CRASHED}"),
    "a segmentation fault": ("ctypes.string_at(0)", f"bad.py: its process was ended by SIGSEGV {CRASHED}"),
    "a signal to itself": ("os.kill(os.getpid(), 9)", f"bad.py: its process was ended by SIGKILL {CRASHED}"),
    "a module that is not there": ("import no_such_thing", "bad.py:3: ModuleNotFoundError: No module"),
    "the channel closed": ("os.closerange(3, 1024)", "bad.py: its process ended with status"),
}


@pytest.mark.parametrize("kind", AT_IMPORT)
def test_at_the_import_it_is_told_by_file_and_line_and_the_others_answer(tmp_path: Path, kind: str) -> None:
    code, complaint = AT_IMPORT[kind]
    put(tmp_path, "bad.py", code)
    put(tmp_path, "good.py", GOOD)

    async def main() -> None:
        async with rigged(tmp_path, import_s=1.0) as rig:
            await rig.greeting()
            await rig.until(lambda: complaint in rig.extensions.faults().get("bad.py", ""))
            assert complaint in rig.extensions.status()["bad.py"]
            await rig.greeting()
            assert rig.names == ["greet"]

    run(main())


def test_a_thread_that_does_not_end_holds_up_neither_calls_nor_the_end(tmp_path: Path) -> None:
    put(tmp_path, "bad.py", "threading.Thread(target=time.sleep, args=(3600,)).start()\n" + tool_of("pass"))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            assert await rig.call("misbehave") == "done"
        assert children() == []

    run(main())


def test_what_is_printed_is_told_in_lines_that_are_ours_and_no_more_than_so_many(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    printing = "print('hello\\x1b[2J')\nprint('b' * 10**6)\nfor _ in range(10**5): os.write(2, b'flood\\n')\n"
    put(tmp_path, "loud.py", printing + tool_of("print('x' * 10**8, flush=True)", "timeout_s=60"))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            assert await rig.call("misbehave") == "done"

    run(main())
    told = [each for each in caplog.messages if each.startswith("tools: loud.py prints: ")]
    assert told[0] == "tools: loud.py prints: hello�[2J"
    assert 3 < len(told) <= 25
    assert max(map(len, told)) < 400


# ---------------------------------------------------------------- in a call

IN_A_CALL = {
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "Error: misbehave failed: KeyboardInterrupt"),
    "SystemExit": ("raise SystemExit(3)", "Error: misbehave failed: SystemExit: 3"),
    "CancelledError": (
        "raise asyncio.CancelledError",
        "Error: misbehave failed: asyncio.exceptions.Can",
    ),
    "GeneratorExit": ("raise GeneratorExit", "Error: misbehave failed: GeneratorExit"),
    "no JSON": ("return {1j: 2}", "Error: misbehave failed: TypeError: keys must be str"),
    "a giant answer": ("return 'ü' * 10**8", "ü" * 8192 + " [cut]"),
    "a print": ("print('x')", "done"),
    "an input": ("input()", "Error: misbehave failed: EOFError"),
    "half a pair of surrogates": ("return '\\ud800'", "?"),
    "a coroutine in a list": (
        "return [asyncio.sleep(0)]",
        "Error: misbehave failed: TypeError: it returns a coroutine that nobody awaits",
    ),
    "a generator": (
        "return (each for each in 'abc')",
        "Error: misbehave failed: TypeError: it returns generator, which nobody reads: return a list",
    ),
    "a generator in a dict": (
        "return {'a': map(str, [1])}",
        "Error: misbehave failed: TypeError: it returns map, which nobody reads: return a list",
    ),
    "an async generator": (
        "async def later():\n    yield 1\nreturn later()",
        "Error: misbehave failed: TypeError: it returns async_generator, which nobody reads",
    ),
    "a future": (
        "return asyncio.Future(loop=asyncio.new_event_loop())",
        "Error: misbehave failed: TypeError: it returns a Future that nobody awaits",
    ),
    "a fork that returns as well": ("if not os.fork(): return 'child'\nos.wait()", "done"),
    "a fork that fails": ("if not os.fork(): sys.exit(3)\nos.wait()", "done"),
    "a fork that is left alone": ("if not os.fork(): return 'child'", "done"),
}


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_in_a_call_it_is_the_answer_and_the_same_child_answers_the_next(tmp_path: Path, kind: str) -> None:
    names = {f"misbehave_{number}": fault for number, fault in enumerate(IN_A_CALL)}
    tools = [tool_of(code, kind=kind) for code, _ in IN_A_CALL.values()]
    renamed = (tool.replace("misbehave", name) for tool, name in zip(tools, names, strict=True))
    put(tmp_path, "bad.py", GOOD + "".join(renamed))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            before = await rig.greeting()
            for name, fault in names.items():
                answer = (await rig.call(name)).replace(name, "misbehave")
                assert answer.startswith(IN_A_CALL[fault][1]), fault
            assert await rig.greeting() == before

    run(main())


def test_a_file_that_forks_at_its_import_takes_no_calls_away_from_itself(tmp_path: Path) -> None:
    put(tmp_path, "bad.py", "os.fork()\nos.fork()\n" + GOOD)

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            first = await rig.greeting()
            assert {await rig.greeting() for _ in range(20)} == {first}
            assert rig.extensions.faults() == {}

    run(main())


WROTE = "it wrote to the channel of its process"
FATAL = {
    "os._exit": ("os._exit(3)", "its process ended with status 3"),
    "a segmentation fault": ("ctypes.string_at(0)", "its process was ended by SIGSEGV"),
    "an abort": ("os.abort()", "its process was ended by SIGABRT"),
    "all descriptors closed": ("os.closerange(0, 1024)", "its process ended with status"),
    "no end": ("while True: pass", "misbehave took longer than 1 seconds and was ended"),
    "a sleep": ("time.sleep(3600)", "misbehave took longer than 1 seconds and was ended"),
    "no end in C": ("sum(iter(int, 1))", "misbehave took longer than 1 seconds and was ended"),
    "a line without an end": (
        "write(b'x' * 2**22)\ntime.sleep(3600)",
        WROTE,
    ),
    "empty lines for ever": (
        "write(b'\\n' * 2**18)\ntime.sleep(3600)",
        WROTE,
    ),
    "junk for ever": (
        "write(b'junk\\n' * 2**18)\ntime.sleep(3600)",
        WROTE,
    ),
}


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("fault", FATAL)
def test_a_child_that_ends_in_a_call_may_have_done_it_and_comes_back_but_the_call_does_not(
    tmp_path: Path, fault: str, kind: str
) -> None:
    code, how = FATAL[fault]
    count = f"open({str(tmp_path / 'count')!r}, 'a').write('x')\n"
    options = f"timeout_s={1 if 'took longer' in how else 60}"
    put(tmp_path, "bad.py", CHANNEL + tool_of(count + code, options, kind) + MINE)
    put(tmp_path, "good.py", GOOD)

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            answer, _ = await asyncio.gather(rig.call("misbehave"), rig.greeting())
            assert answer.startswith("Error: misbehave")
            assert how in answer
            assert "it may have been done" in answer
            assert await rig.call("mine") == "mine"
            assert rig.names == ["misbehave", "mine", "greet"]
        assert children() == []

    run(main())
    assert (tmp_path / "count").read_text() == "x"


def test_a_coroutine_that_blocks_its_loop_blocks_its_own_file_alone(tmp_path: Path) -> None:
    put(tmp_path, "bad.py", tool_of("time.sleep(3600)", "timeout_s=5", "async def"))
    put(tmp_path, "good.py", GOOD)

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            await rig.loaded("greet")
            call = asyncio.create_task(rig.call("misbehave"))
            for _ in range(3):
                await rig.greeting()
            assert not call.done()
            assert "took longer than 5 seconds" in await call

    run(main())


def test_with_its_child_ends_what_that_has_started(tmp_path: Path) -> None:
    body = f"""
import subprocess
program = subprocess.Popen(["sleep", "3600"])
open({str(tmp_path / "pid")!r}, "w").write(str(program.pid))
time.sleep(3600)
"""
    put(tmp_path, "bad.py", tool_of(body, "timeout_s=1"))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            assert "was ended" in await rig.call("misbehave")
            pid = int((tmp_path / "pid").read_text())
            await rig.until(lambda: not alive(pid))

    run(main())


def test_junk_in_the_channel_is_passed_over(tmp_path: Path) -> None:
    lines = [
        b"junk\n",
        b"\0\xff\n",
        b'{"type":"answered","id":"x"}\n',
        b"[" * 5000 + b"\n",
        b"null\n",
        b"half",
    ]
    code = "".join(f"write({line!r})\n" for line in lines)
    put(tmp_path, "bad.py", CHANNEL + code + tool_of(code))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            assert await rig.call("misbehave") == "done"
            assert rig.extensions.faults() == {}

    run(main())


class ScriptedProcess:
    """A mock of a process, which writes to its channel and ends."""

    def __init__(self, channel: int, said: bytes) -> None:
        os.write(channel, said)
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, self.kill)

    def kill(self) -> None:
        if not self.ended.done():
            self.ended.set_result("its process ended with status 0")


MESSAGES = st.sampled_from(
    [
        b'{"type":"loaded","tools":[{"name":"x","schema":{},"timeout_s":1}]}\n',
        b'{"type":"failed","line":1,"problem":"none"}\n',
        b'{"type":"answered","id":1,"ok":true,"text":"yes"}\n',
        b'{"type":"loaded","tools":[{"name":"no name","schema":[],"timeout_s":1e999}]}\n',
    ]
)


@given(st.lists(st.binary(max_size=40) | MESSAGES, max_size=20))
@settings(max_examples=60, deadline=None)
def test_whatever_a_child_says_it_is_loaded_or_refused(pieces: list[bytes]) -> None:
    async def main() -> list[ToolOffer]:
        launch: Launch = lambda channel, _: ScriptedProcess(channel, b"".join(pieces))  # noqa: E731
        async with child.started(launch, Printed(lambda _: None)) as begun:
            return await begun.load(Path("/tools.d/x.py"), b"")

    try:
        outcome = [offer.name for offer in run(main())] == ["x"]
    except ToolFileError as error:
        outcome = str(error).startswith("/tools.d/x.py:")
    assert outcome


@pytest.mark.parametrize("free", range(8))
def test_where_descriptors_run_out_nothing_is_left_open(tmp_path: Path, free: int) -> None:
    async def main() -> None:
        before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (_lowest_free() + free, limits[1]))
        try:
            with suppress(OSError):
                async with child.started(LocalProcess, Printed(lambda _: None)):
                    pass
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
        assert children() == []

    run(main())


def _lowest_free() -> int:
    fd = os.open("/dev/null", os.O_RDONLY)
    os.close(fd)
    return fd


def test_what_a_tool_raises_is_told_by_its_place_not_by_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "bad.py", tool_of("raise ValueError('canary')"))

    async def main() -> str:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            return await rig.call("misbehave")

    assert "canary" in run(main())
    assert f"tool misbehave failed: ValueError in {tmp_path}/bad.py, line 6" in caplog.text
    assert "canary" not in caplog.text


# ---------------------------------------------------------------- many calls, and a child that is not there


def test_calls_of_one_file_run_at_the_same_time_and_too_many_are_refused(tmp_path: Path) -> None:
    body = f"""
open({str(tmp_path)!r} + f"/begun_{{threading.get_ident()}}", "w")
while not os.path.exists({str(tmp_path / "go")!r}): time.sleep(0.01)
"""
    put(tmp_path, "slow.py", tool_of(body, "timeout_s=60"))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            calls = [asyncio.create_task(rig.call("misbehave")) for _ in range(MAX_CALLS)]
            await rig.until(lambda: len(list(tmp_path.glob("begun_*"))) == MAX_CALLS)
            assert await rig.call("misbehave") == "Error: too many tools are still running, try again later."
            (tmp_path / "go").touch()
            assert await asyncio.gather(*calls) == ["done"] * MAX_CALLS

    run(main())


def test_a_call_waits_for_a_child_that_is_being_started_again(tmp_path: Path) -> None:
    put(tmp_path, "good.py", GOOD)

    async def main() -> None:
        async with rigged(tmp_path, pause_s=3600.0) as rig:
            before = await rig.greeting()
            os.kill(before, signal.SIGKILL)
            await rig.until(lambda: rig.extensions.faults())
            assert "was ended by SIGKILL; it is started again" in rig.extensions.status()["good.py"]
            assert await rig.greeting() != before
            await rig.until(lambda: not rig.extensions.faults())
            assert rig.extensions.status() == {"good.py": "ready"}

    run(main())


def test_a_call_that_found_no_child_in_time_was_not_done(tmp_path: Path) -> None:
    mark = str(tmp_path / "again")
    once = f"if os.path.exists({mark!r}): time.sleep(3600)\nopen({mark!r}, 'w')\n"
    put(tmp_path, "bad.py", once + tool_of("os._exit(1)", "timeout_s=0.3"))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            assert "may have been done" in await rig.call("misbehave")
            answer = await rig.call("misbehave")
            assert answer.startswith("Error: misbehave took longer than 0.3 seconds to begin")
            assert answer.endswith("it was not done.")

    run(main())


def test_pauses_grow_while_a_child_does_not_live_long_and_begin_anew_when_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "bad.py", "open('/dev/null')\nos._exit(1)\n")
    pauses: list[float] = []

    async def no_pause(awaitable: object, pause_s: float) -> None:
        awaitable.close()  # type: ignore[attr-defined]
        pauses.append(pause_s)
        await asyncio.sleep(3600 if len(pauses) == 12 else 0)

    async def main() -> None:
        async with rigged(tmp_path, pause_s=1.0) as rig:
            monkeypatch.setattr(asyncio, "wait_for", no_pause)
            await rig.until(lambda: len(pauses) == 12)

    run(main())
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


# ---------------------------------------------------------------- files that change, and files that are alike


def test_a_file_that_was_changed_is_read_anew_when_its_child_is(tmp_path: Path) -> None:
    put(tmp_path, "bad.py", tool_of("os._exit(1)"))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            put(tmp_path, "bad.py", MINE)
            assert "may have been done" in await rig.call("misbehave")
            await rig.loaded("mine")
            assert rig.names == ["mine"]
            assert await rig.call("misbehave") == "Error: there is no tool called misbehave; there are mine."

    run(main())


def test_a_file_that_was_removed_has_no_tools_any_more(tmp_path: Path) -> None:
    path = put(tmp_path, "bad.py", tool_of("os._exit(1)"))

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            path.unlink()
            await rig.call("misbehave")
            await rig.until(lambda: not rig.names)
            assert "No such file" in rig.extensions.status()["bad.py"]

    run(main())


def test_of_two_tools_with_one_name_the_first_files_counts_whichever_was_loaded_first(tmp_path: Path) -> None:
    put(tmp_path, "a_slow.py", "time.sleep(0.4)\n" + MINE.replace('"mine"', '"first"'))
    put(tmp_path, "b_quick.py", MINE + GOOD)

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.until(lambda: rig.extensions.status().get("a_slow.py") == "ready")
            await rig.until(lambda: "there is a tool" in rig.extensions.faults().get("b_quick.py", ""))
            await rig.until(lambda: rig.names == ["mine", "greet"])
            assert await rig.call("mine") == "first"

    run(main())


@pytest.mark.parametrize("kind", ["pipe", "folder", "large"])
def test_what_is_no_file_of_an_owners_is_told(tmp_path: Path, kind: str) -> None:
    put(tmp_path, "good.py", GOOD)
    path = tmp_path / "odd.py"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"#" * 2**21)
    path.chmod(0o755)
    complaint = {"large": "it is larger than 1 MB"}.get(kind, "this is no regular file: take it away")

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.greeting()
            assert complaint in rig.extensions.faults()["odd.py"]

    run(main())


def test_a_file_whose_name_is_no_text_is_a_file_like_others(tmp_path: Path) -> None:
    put(tmp_path, os.fsdecode(b"od\xff.py"), MINE)
    put(tmp_path, os.fsdecode(b"bad\xff.py"), "1 / 0")

    async def main() -> None:
        async with rigged(tmp_path) as rig:
            await rig.loaded("mine")
            await rig.until(rig.extensions.faults)
            status = rig.extensions.status()
            assert status["od\ufffd.py"] == "ready"
            assert "bad\ufffd.py:3: ZeroDivisionError" in status["bad\ufffd.py"]
            assert await rig.call("mine") == "mine"

    run(main())


def test_a_directory_that_is_a_file_is_told_and_survived(tmp_path: Path) -> None:
    path = tmp_path / "tools.d"
    path.write_text("")

    async def main() -> None:
        async with rigged(path) as rig:
            told: dict[str, str] = await rig.until(rig.extensions.status)
            assert told == {"tools.d": f"{path}: this is no directory: name one as tools.directory"}
            assert await rig.call("greet") == "Error: there is no tool called greet."

    run(main())


def test_no_directory_is_no_fault(tmp_path: Path) -> None:
    async def main() -> Rig:
        async with rigged(tmp_path / "none") as rig:
            await asyncio.sleep(0.1)
            return rig

    assert run(main()).extensions.status() == {}


# ---------------------------------------------------------------- what a child costs


def test_a_child_costs_at_most_15_mb(tmp_path: Path) -> None:
    put(tmp_path, "good.py", GOOD, "import os\nfrom daemon.tools import tool\n")

    async def main() -> int:
        async with rigged(tmp_path) as rig:
            pid = await rig.greeting()
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            return int(next(line.split()[1] for line in lines if line.startswith("Anonymous:")))

    assert run(main()) <= 15_000


def test_a_child_has_neither_asyncio_nor_msgspec_unless_its_file_wants_them(tmp_path: Path) -> None:
    body = "return ' '.join(name for name in ('asyncio', 'msgspec', 'numpy') if name in sys.modules)"
    put(tmp_path, "bad.py", tool_of(body), "import sys\nfrom daemon.tools import tool\n")

    async def main() -> str:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            return await rig.call("misbehave")

    assert run(main()) == ""


def test_a_child_knows_no_key_and_has_no_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setenv("OWN", "kept")
    put(tmp_path, "bad.py", tool_of("return repr((dict(os.environ), sys.stdin.read()))"))

    async def main() -> str:
        async with rigged(tmp_path) as rig:
            await rig.loaded()
            return await rig.call("misbehave")

    told = run(main())
    assert "canary" not in told
    assert "'OWN': 'kept'" in told
    assert told.endswith(", '')")
