"""The state space of the pure machine, breadth first from idle, from several sides: `make statespace`.

What is abstracted:

- Whatever is waited for may become due at any moment and in any order. So no order of deadlines is left out,
  and some are walked that no clock would allow. How far off they are is not told apart.
- The pace of attempts is a constant second; its limits have tests of their own. The devices stay as they are.
- Ids and connections are known by the order in which a state mentions them; those of the past are forgotten.
- Sound is there or not. When an answer is cut, half of one item was heard, and those before it; or nothing.
- A server, a speaker or a microphone that has let a deadline pass says no more about that.
- The ledger keeps its last four entries. How many texts and tools there may be is in each side's bounds.
- Which settings a server has refused is forgotten with its connection.
- How long a question may still wait, and how many rounds of calls a turn has had, is not told apart.
- Each side looks at a part closely: where `stages` are not, a connection is there or away, or moves at once.

In every state there is noise too, which must leave it as it is: events that are late, stray or empty.
"""
