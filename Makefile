# The commands that a newcomer needs. Each works as the very first one on a bare Debian 12 or 13.

SPEECH ?= ../shared/speech
BIN := .venv/bin
SUITE ?= trixie
HOURS ?= 24
MINUTES ?= 10
SEED ?= 1
EVERY ?= 1
ARCH ?= $(shell dpkg --print-architecture)
# What 0.1.0 was built from: upgrades begin there.
RELEASED := 94c7726f01b719c1d03dc60a5374e98a36e9f34c

.PHONY: demo test test-trixie check bench bench-echo mutants hearing orders phrasing faults fuzz statespace soak realtime clients servers live deb deb-check deb-arm64-check appliance appliance-smoke ready clean

demo: ready            ## the whole appliance on a virtual sound card: pictures and sound in out/demo
	$(BIN)/voiced demo

test: ready            ## every test
	$(BIN)/pytest

test-trixie:           ## all tests but the scenarios, on Debian 13 (twenty minutes; the first time 3 GB and ten more)
	deploy/package/test.sh trixie

check: ready           ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: ready           ## figures: start, memory, CPU, sound path
	$(BIN)/python -m tests.bench

mutants: ready         ## small faults put into the pure rooms: do the tests notice? (a quarter of an hour)
	$(BIN)/python -m tests.bench.mutants --seed $(SEED)

bench-echo: ready      ## what echo cancellation leaves, over the scene and the commands in SPEECH
	$(BIN)/python -m tests.bench.echo --speech $(SPEECH)

hearing: ready         ## how well the brain hears, over the clips in SPEECH
	$(BIN)/python -m tests.bench.hearing --speech $(SPEECH)

orders: SPEECH = ../shared/speech/human-orders
orders: ready          ## how well it hears people who order coffee, over the clips in SPEECH: make orders [EVERY=5]
	$(BIN)/python -m tests.bench.orders --speech $(SPEECH) --every $(EVERY)

phrasing: ready        ## what the brain makes of sentences in writing, per family; --json writes each one
	$(BIN)/python -m tests.bench.phrasing

faults: ready          ## every fault at every event of a conversation, in virtual time: table in out/faults.html
	$(BIN)/python -m tests.scenarios.faults

fuzz: ready            ## hostile input for everything that reads what others wrote: make fuzz [MINUTES=10]
	$(BIN)/python -m tests.scenarios.fuzz --minutes $(MINUTES)

soak: ready            ## a virtual day with a fault every other minute, in minutes: make soak [HOURS=24] [SEED=1]
	$(BIN)/python -m tests.scenarios.soak --hours $(HOURS) --seed $(SEED)

realtime: ready        ## rotation and a cut link in real time, over a virtual sound card (two minutes)
	$(BIN)/python -m tests.scenarios.realtime

statespace: ready      ## every state that the pure machine can come to, and whether a promise is broken in one
	$(BIN)/python -m tests.scenarios.statespace

clients: ready         ## other people's clients against the brain, each in its own environment (a network; 2 GB): a matrix
	$(BIN)/python -m tests.scenarios.clients $(CLIENTS)

servers: ready         ## the service against other people's servers, installed once into out/servers (a network; 3 GB): a matrix
	$(BIN)/python -m tests.scenarios.servers $(SERVERS)

live: ready            ## the same in real time, through the whole appliance (a quarter of an hour)
	$(BIN)/python -m tests.bench.live --speech $(SPEECH)

deb:                   ## Debian packages in out/deb: make deb [SUITE=trixie|bookworm] [ARCH=amd64|arm64]
	deploy/package/build.sh $(SUITE) $(ARCH)

deb-check: deb         ## lints them, builds them again elsewhere, tries install, upgrade, remove and purge in a chroot
	deploy/package/check.sh $(SUITE) $(ARCH)

deb-arm64-check:       ## the same package for arm64, run under an emulated processor
	deploy/package/build.sh $(SUITE) arm64
	deploy/package/try-arm64.sh $(SUITE) arm64

appliance: ready out/deb/.appliance out/deb/0.1.0/.appliance  ## the booted machine: installed, used, broken, upgraded (over half an hour; CUTS=20 IDLE=30)
	@tests/system/appliance/bootstrap.sh
	$(BIN)/python -m tests.system.appliance

appliance-smoke: ready out/deb/.appliance  ## from apt install to the first spoken answer on an emulated machine
	@tests/system/appliance/bootstrap.sh
	$(BIN)/python -m tests.system.appliance --smoke

out/deb/.appliance: $(shell find daemon hardware deploy systemd -type f ! -name '*.pyc')
	$(MAKE) deb SUITE=trixie ARCH=amd64
	@touch $@

out/deb/0.1.0/.appliance:
	deploy/package/earlier.sh $(RELEASED) trixie amd64
	@touch $@

ready:
	@deploy/bootstrap.sh

clean:                 ## everything that was made here
	rm -rf .venv build out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
