"""One file for each layout that is written."""
