"""The short form of benchmarks/fuzz_inputs.py: mutated files are read or refused, nothing else happens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from fuzz_inputs import fuzz

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default::DeprecationWarning")]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_mutants_are_read_or_refused(seed: int) -> None:
    outcomes = fuzz(300, seed)
    assert outcomes["read"] + outcomes["refused"] == 300
    assert min(outcomes["read"], outcomes["refused"]) > 20
