"""Pure functions: intervals, hashes, resizing, losses, similarity."""
