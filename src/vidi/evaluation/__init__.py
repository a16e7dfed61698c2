"""Inference engines, feature passes, predictions and their scores."""
