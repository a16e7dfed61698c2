"""Peer: scikit-learn's logistic regression (strength by cross-validation) on frozen features from torch eager."""

from task import Images, finish, lite0, transforms, work  # first: the clock

# isort: split

import numpy as np
import torch
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from torch.utils.data import DataLoader

STRENGTHS = np.logspace(-4, -2, 5)  # standardised features of this network are best near 3e-3


@torch.inference_mode()
def features(network, items, job) -> np.ndarray:
    batches = DataLoader(Images(items, transforms(job.size)[1]), job.batch)
    with torch.autocast("cpu", torch.bfloat16, enabled=job.bf16):
        parts = [network(image.to(memory_format=torch.channels_last)).float().numpy() for image, _ in batches]
    return np.concatenate(parts)


def main() -> None:
    """Takes what time it takes, whatever --minutes says."""
    job = work(__doc__)
    network = lite0(0).eval().to(memory_format=torch.channels_last)
    train, judged = (features(network, items, job) for items in (job.train, job.judged))
    regression = LogisticRegressionCV(
        Cs=STRENGTHS,
        cv=3,
        max_iter=300,
        scoring="neg_log_loss",
        l1_ratios=(0.0,),
        use_legacy_attributes=False,
    )
    with threadpool_limits(1):  # the fit's products are small: two threads wait for each other
        model = make_pipeline(StandardScaler(), regression).fit(train, [label for _, label in job.train])
    right = model.predict(judged) == [label for _, label in job.judged]
    finish(float(right.mean()), job, strength=float(regression.C_))


if __name__ == "__main__":
    main()
