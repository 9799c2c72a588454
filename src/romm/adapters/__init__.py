"""Each adapter implements a port and is the only importer of its library."""
