"""One file per state type: what happens on entry, and on what it waited for."""
