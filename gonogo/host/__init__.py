"""Where commands run: commands as data, the one runner, and the processes that it starts."""
