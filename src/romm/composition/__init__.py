"""From settings and ports to use cases: each is created once, with what it needs."""
