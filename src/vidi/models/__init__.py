"""Networks, one family a file: `build(*, classes, …)` returns a `Classifier`."""
