"""A photo painted again by what a network sees in it."""
