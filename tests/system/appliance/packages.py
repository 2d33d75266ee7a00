"""A year of packages: upgraded while it speaks, broken, brought back; removed, purged, installed again."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import OUTPUTS, STATUS, Hands, must

chapter = Chapter("packages")
removal = Chapter("removal")

APT_S: Final = 900.0
LONG: Final = (
    "This sentence is spoken while a newer version of the package is being installed. It has two parts."
)
CONVERSATION: Final = "/run/voiced/conversation/ledger.jsonl"
_NUMBERS: Final = itertools.count(1)
SERVICE: Final = "daemon/service/appliance.py"
BROKEN: Final = 'raise RuntimeError("this version cannot start")\n'


@chapter.scenario("an upgrade in the middle of a sentence: configuration kept, the conversation goes on")
def upgrade(hands: Hands) -> Figures:
    hands.await_brain()
    suffix, newer = repack(hands)
    configuration = hands.machine.run(
        "echo '# mine' >>/etc/voiced/voiced.toml; sha256sum /etc/voiced/voiced.toml"
    )
    hands.all_on()
    speech = hands.machine.start(f"voiced say '{LONG}'")
    hands.react("speaking", "true")
    began = hands.now()
    apt(hands, f"install {newer}")
    hands.await_ready()
    took = hands.now() - began
    speech.result(60)
    version = hands.machine.run("dpkg-query -W -f '${Version}' voiced")
    must(version.endswith(suffix), f"version {version} is installed")
    must(hands.machine.run("sha256sum /etc/voiced/voiced.toml") == configuration, "another configuration")
    levels = {line: hands.level(line) for line in OUTPUTS}
    must(levels == OUTPUTS, f"after the restart the outputs are {levels}")
    hands.await_brain()
    hands.write("what time is it")
    hands.machine.call(
        f"timeout 60 sh -c 'until grep -q \"what time is it\" {CONVERSATION}; do sleep 1; done'", 90
    )
    told = hands.machine.run(f"cat {CONVERSATION}")
    for words in ("turn on the heater", "what time is it"):
        must(words in told, f"{words!r} is not in the conversation any more")
    hands.must_listen()
    return {"apt_s": round(took)}


@chapter.scenario("a version that cannot start: outputs safe, the lamp is red, the journal says why")
def broken_upgrade(hands: Hands) -> Figures:
    _, broken = repack(hands, broken=True)
    hands.await_brain()
    hands.all_on()
    hands.mark()
    apt(hands, f"install {broken}")
    with hands.watching(sound=False) as seen:
        hands.wait(20)
    levels = {line: hands.level(line) for line in OUTPUTS}
    must(levels == OUTPUTS, f"the outputs are {levels}")
    said = hands.machine.run(f"journalctl -q -o cat -u voiced --after-cursor='{hands.cursor}'")
    must("this version cannot start" in said, "the journal does not say why")
    red, green, blue = seen.lines.means(STATUS)
    must(red > 0.9 and max(green, blue) < 0.1, f"the lamp shows {' '.join(seen.moods)}")
    return {"restarts": hands.unit("NRestarts")["NRestarts"]}


@chapter.scenario("apt install of the older file brings everything back")
def back(hands: Hands) -> Figures:
    apt(hands, "install --allow-downgrades /rig/debs/voiced*.deb")
    hands.await_ready()
    hands.must_listen()
    return hands.start_figures()


@removal.scenario("remove stops it and keeps the configuration; purge leaves nothing; installing again works")
def remove_purge_reinstall(hands: Hands) -> Figures:
    machine = hands.machine
    apt(hands, "remove voiced voiced-brain voiced-handsfree")
    must(machine.call("pgrep -f /usr/lib/voiced").status, "something of it still runs")
    must(machine.call("test -e /etc/voiced/voiced.toml").status == 0, "remove took the configuration")
    apt(hands, "purge voiced voiced-brain voiced-handsfree")
    places = (
        "/etc/voiced /usr/lib/voiced /usr/share/voiced /var/lib/voiced /var/lib/voiced-tools /run/voiced "
        "/run/voiced-brain.sock /run/voiced-tools.sock"
    )
    left = machine.run(f"ls -d {places} 2>/dev/null || true")
    must(not left, f"purge left {left}")
    apt(hands, "install /rig/debs/voiced*.deb")
    hands.await_ready()
    return hands.start_figures()


def apt(hands: Hands, words: str) -> None:
    """What the owner does with apt-get."""
    hands.machine.run(f"DEBIAN_FRONTEND=noninteractive apt-get -qq -y {words}", APT_S)


def repack(hands: Hands, *, broken: bool = False) -> tuple[str, str]:
    """Our packages again under a version above all before: what was added to it, their names inside."""
    suffix = f"+{next(_NUMBERS)}"
    debs = hands.machine.share / "debs"
    out = debs / suffix
    out.mkdir()
    for package in sorted(debs.glob("voiced*.deb")):
        _repack(package, out, suffix, broken)
    return suffix, f"/rig/debs/{suffix}/*.deb"


def _repack(package: Path, out: Path, suffix: str, broken: bool) -> None:
    tree = out / "tree"
    subprocess.run(["dpkg-deb", "-R", str(package), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    version = subprocess.run(
        ["dpkg-deb", "--field", str(package), "Version"], check=True, capture_output=True, text=True
    ).stdout.strip()
    control.write_text(control.read_text().replace(version, version + suffix))
    if broken and package.name.startswith("voiced_"):
        (module,) = tree.glob(f"usr/lib/voiced/lib/python3*/site-packages/{SERVICE}")
        module.write_text(BROKEN)
        # Compiled modules of the package are taken without a look at their source.
        (compiled,) = module.parent.glob(f"__pycache__/{module.stem}.*.pyc")
        compiled.unlink()
    command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z1", "-b", str(tree), str(out / package.name)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
