"""Checks of the build stage."""
