# The commands that a newcomer needs. Each works as the very first one on a bare Debian 12 or 13.

SPEECH ?= ../shared/speech
BIN := .venv/bin

.PHONY: demo test check bench hearing live ready clean

demo: ready            ## the whole appliance on a virtual sound card: pictures and sound in out/demo
	$(BIN)/voiced demo

test: ready            ## every test
	$(BIN)/pytest

check: ready           ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: ready           ## figures: start, memory, CPU, sound path
	$(BIN)/python -m tests.bench

hearing: ready         ## how well the brain hears, over the clips in SPEECH
	$(BIN)/python -m tests.bench.hearing --speech $(SPEECH)

live: ready            ## the same in real time, through the whole appliance (a quarter of an hour)
	$(BIN)/python -m tests.bench.live --speech $(SPEECH)

ready:
	@deploy/bootstrap.sh

clean:                 ## everything that was made here
	rm -rf .venv build out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
