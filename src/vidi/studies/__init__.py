"""Questions about learning, each answered by a small experiment: claims with numbers, and pictures."""
