"""From settings and ports to use cases, each created once."""
