"""One file per layout: `recognise(root)` says how sure it is, `read(root, options=…)` lists the examples."""
