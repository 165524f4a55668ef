"""How fast and how big: every row of the table in ``docs/performance.md``, measured here.

Run with ``python -m benchmarks`` (``--full`` for the full size). Peers are measured in the same
run, turn by turn with us, because machines are noisy. Not here: tests (nothing in ``tests/``
asserts a time), and anything the product needs.
"""
