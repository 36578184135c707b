"""What tests of checks share."""

from types import SimpleNamespace

import pytest


@pytest.fixture
def numpy_alone(monkeypatch):
    """Let a function be called with NumPy's arrays alone, as where no other library is imported."""
    monkeypatch.setattr("spec.checking.fitting_options.sys", SimpleNamespace(modules={}))
