"""Building blocks: families of layers, one per file, written as functions against a Net."""
