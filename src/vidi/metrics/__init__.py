"""One file per metric: `measure(scores)` turns predictions and truth into `Measured` numbers."""
