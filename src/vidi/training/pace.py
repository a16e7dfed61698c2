"""How many steps training takes: fixed, or fitted to the time that is left and mended on the way."""

from dataclasses import dataclass, field


@dataclass
class Pace:
    """A map from steps to progress in [0, 1] that can be bent while it is followed.

    `knots` are (step, progress) pairs where the plan was changed; from the last one progress goes straight to 1
    at step `total`. Without a change it is step / total. Kept in every checkpoint.
    """

    total: int
    knots: list[tuple[int, float]] = field(default_factory=lambda: [(0, 0.0)])

    def __post_init__(self) -> None:
        if self.total < 1:
            raise ValueError(f"a pace has at least one step; got {self.total}")

    def progress(self, step: int) -> float:
        """Where `step` stands, 0 at the first and 1 after the last."""
        start, done = self.knots[-1]
        if step >= self.total:
            return 1.0
        return min(1.0, done + (1.0 - done) * (step - start) / max(1, self.total - start))

    def refit(self, step: int, seconds_per_step: float, seconds_left: float) -> None:
        """Change the number of steps to what `seconds_left` allows; progress so far stays as it is.

        At least one more step is taken. Differences under 2 % are left alone: timing is no more exact than that.
        """
        fits = step + max(1, int(seconds_left / max(seconds_per_step, 1e-9)))
        if abs(fits - self.total) > 0.02 * (self.total - step) and step < self.total:
            self.knots.append((step, self.progress(step)))
            self.total = fits
