"""Search strategies: one per file, each reading like its paper's paragraph."""
