"""One file per complete way to get a model from data: `recipe(job, *, …)` returns a `Fitted`."""
