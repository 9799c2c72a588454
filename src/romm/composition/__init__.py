"""From settings and ports to use cases: each is made once, here, and holds what it needs."""
