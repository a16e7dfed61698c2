"""Which labels cleanlab calls wrong, by each filter, of probabilities and labels that are given: one JSON line.

    python benchmarks/peers/cleanlab_issues.py FILE.npz      with arrays NAME/probability and NAME/given

From version 2.9 on cleanlab is under the Apache licence; earlier ones are under the AGPL.
"""

import json
import sys

import cleanlab
import numpy as np
from cleanlab.filter import find_label_issues

FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning")


def main() -> None:
    data = np.load(sys.argv[1])
    names = sorted({key.split("/")[0] for key in data})
    found = {
        name: {
            by: np.flatnonzero(
                find_label_issues(data[f"{name}/given"], data[f"{name}/probability"], filter_by=by, n_jobs=1)
            ).tolist()
            for by in FILTERS
        }
        for name in names
    }
    print(json.dumps({"cleanlab": cleanlab.__version__, "found": found}))


if __name__ == "__main__":
    main()
