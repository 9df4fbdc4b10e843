"""State machines for people: read, laid out, drawn, and followed while they run."""
