"""Peer: Fairlearn's MetricFrame with its bootstrap: five rates in every full intersection of the attributes.

Reads codes, truth and prediction from an .npz file; prints one JSON line.
"""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import accuracy_score, precision_score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--replicates", type=int, required=True)
    given = parser.parse_args()
    data = np.load(given.data)
    codes = pd.DataFrame(data["codes"]).add_prefix("attribute ")
    metrics = {
        "accuracy": accuracy_score,
        "true positive rate": true_positive_rate,
        "false positive rate": false_positive_rate,
        "positive predictive value": precision_score,
        "selection rate": selection_rate,
    }
    about = {"y_true": data["truth"], "y_pred": data["prediction"], "sensitive_features": codes}
    began = time.perf_counter()
    MetricFrame(metrics=metrics, **about)
    without = time.perf_counter() - began
    began = time.perf_counter()
    bootstrap = {"n_boot": given.replicates, "ci_quantiles": [0.025, 0.975], "random_state": 0}
    frame = MetricFrame(metrics=metrics, **about, **bootstrap)
    seconds = time.perf_counter() - began
    low, high = (frame.by_group_ci[end]["accuracy"] for end in (0, 1))
    print(
        json.dumps(
            {
                "seconds": seconds,
                "seconds_without": without,
                "groups": len(frame.by_group),
                "accuracy": frame.by_group["accuracy"].tolist(),
                "low": low.tolist(),
                "high": high.tolist(),
                "fairlearn": version("fairlearn"),
            }
        )
    )


if __name__ == "__main__":
    main()
