"""The project: settings, addresses, what a deployment asks."""
