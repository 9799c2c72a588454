"""glibc keeps the memory of hashes during a burst, with and without huge pages, and gives all of it back."""

import os
import platform
import subprocess
import sys

import pytest

HASHES = """
import resource
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from argon2.low_level import Type, hash_secret_raw
from romm.adapters.accounts import hashing_memory

hashing_memory.keep_freed()
together = Barrier(2)
threads = ThreadPoolExecutor(2)

def resident():
    [line] = [line for line in open("/proc/self/status") if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024

def hashed(_):
    together.wait()
    hash_secret_raw(b"a" * 12, b"s" * 16, time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, type=Type.ID)

def burst():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    list(threads.map(hashed, range(8)))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = resident()
for _ in range(3):
    burst()
print(burst(), resident() - before)
hashing_memory.give_back()
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")
@pytest.mark.parametrize("tunables", ["", "glibc.malloc.hugetlb=1"])
def test_the_memory_of_a_burst_is_kept_and_then_given_back(tunables: str) -> None:
    environment = os.environ | {"GLIBC_TUNABLES": tunables}
    run = subprocess.run([sys.executable, "-c", HASHES], env=environment, capture_output=True, text=True, check=True)
    faults, kept, left = (float(each) for each in run.stdout.split())
    assert faults < 100, "the kernel made the pages anew: 19 MiB are 4,864 small or 10 huge ones"
    assert 30 < kept < 64, "what is allocated in between takes a place, and one hash goes to another: 3 x 19 MiB"
    assert left < 4
