"""Of the machine, its tools and its programs."""
