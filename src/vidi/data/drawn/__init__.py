"""Scenes drawn by program: their truth is exact, and faults are planted in them where the record says."""
