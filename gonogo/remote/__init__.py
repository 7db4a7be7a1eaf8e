"""A host that is reached by ``ssh``: gonogo runs there, and is shown here."""
