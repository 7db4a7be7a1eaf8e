"""The runtime ``process``."""
