"""What does a network look for, and what does it keep? Pictures of its units, classes and features."""
