"""The commands of `keras-nas`, a module for each kind; what they need is imported when they run."""
