"""Of sources, images and repositories."""
