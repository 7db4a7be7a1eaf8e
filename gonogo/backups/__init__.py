"""Backups of what a release writes: how each kind of database is dumped, where that is kept, what proves it."""
