"""One file per verb: the journey from data to documents is put together here and nowhere else."""
