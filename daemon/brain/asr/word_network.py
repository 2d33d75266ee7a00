"""A pattern (see `template_syntax`) as a network of words, which both engines search."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.brain.nlu.template_syntax import CLOSING


class Network:
    """Word arcs and empty arcs between numbered nodes, from `start` to `end`."""

    def __init__(self, pattern: str) -> None:
        self.words: list[tuple[int, str, int]] = []
        self._empty: list[tuple[int, int]] = []
        self._nodes = 0
        self._tokens = pattern.split()
        self._at = 0
        self.start = self._node()
        self.end = self._choice(self.start)

    def reach(self) -> list[list[int]]:
        """For every node, the nodes that empty arcs lead to, itself included."""
        onward: list[list[int]] = [[] for _ in range(self._nodes)]
        for source, target in self._empty:
            onward[source].append(target)
        return [_closure(node, onward) for node in range(self._nodes)]

    def _node(self) -> int:
        self._nodes += 1
        return self._nodes - 1

    def _choice(self, start: int) -> int:
        end = self._node()
        while True:
            self._empty.append((self._sequence(start), end))
            if self._at == len(self._tokens) or self._tokens[self._at] != "|":
                return end
            self._at += 1

    def _sequence(self, node: int) -> int:
        while self._at < len(self._tokens) and self._tokens[self._at] not in CLOSING | {"|"}:
            token = self._tokens[self._at]
            self._at += 1
            node = self._group(node) if token[0] in "([<" else self._word(node, token)
        return node

    def _word(self, source: int, word: str) -> int:
        target = self._node()
        self.words.append((source, word, target))
        return target

    def _group(self, before: int) -> int:
        start = self._node()
        self._empty.append((before, start))
        end = self._choice(start)
        closing = self._tokens[self._at]
        self._at += 1
        if closing in ("]", ")*"):
            self._empty.append((start, end))
        if closing == ")*":
            self._empty.append((end, start))
        return end


def _closure(node: int, onward: Sequence[Sequence[int]]) -> list[int]:
    seen, waiting = {node}, [node]
    while waiting:
        fresh = [target for target in onward[waiting.pop()] if target not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return sorted(seen)
