"""The engine: trials are work handed out to child processes, recorded in one file, and picked up after any stop."""
