"""Settings: defaults, file and environment become one frozen struct."""
