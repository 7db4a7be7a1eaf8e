"""What an environment's host remembers: releases, runs, their journals, and who holds it."""
