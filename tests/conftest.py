"""What holds for all tests."""

import gc


def pytest_collection_finish() -> None:
    """Spare the collector what lives until the end: modules, and thousands of tests. It would look at it in each of them."""
    gc.collect()
    gc.freeze()
