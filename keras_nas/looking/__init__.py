"""Looking at what a search found: which networks, in which order, and how they compare."""
