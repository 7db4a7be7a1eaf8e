"""Checks of the postdeploy stage."""
