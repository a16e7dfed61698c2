"""What can be held against a model: how it fares where pictures are not as they were."""
