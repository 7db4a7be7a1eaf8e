"""Checks of the watch stage."""
