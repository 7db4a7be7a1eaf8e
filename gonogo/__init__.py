"""Deployment verification: every answer is a marked pytest test, every red release is turned back."""

__all__ = ["__version__"]

__version__ = "0.1.0"
