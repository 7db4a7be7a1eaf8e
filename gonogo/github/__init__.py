"""What a GitHub Actions job shows of a gate or a run: annotations, and one comment on the pull request."""
