"""The runtime ``compose``."""
