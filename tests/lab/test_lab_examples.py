"""Every example in the docstrings of the lab does what it shows."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["_lab", "_faults", "_tape"])
def test_docstrings(module, tmp_path, monkeypatch):
    """And there are some."""
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(importlib.import_module(f"alchemy.lab.{module}"))
    assert (failed, tried > 0) == (0, True)
