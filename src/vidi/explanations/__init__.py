"""Seeing inside a trained network: where it looks, how it is fooled, and whether to believe what one sees."""
