"""Tests of whether a map can be believed, one file each; `check` gives a number with its interval and its bound."""
