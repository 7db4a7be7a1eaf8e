"""Checks of the predeploy stage."""
