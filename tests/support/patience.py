"""How long a test waits for what must end: no timing, which is for benchmarks, but long enough on any machine."""

FOREVER_S = 60
