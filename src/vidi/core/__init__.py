"""Words everybody shares: records, measured numbers, cards, the run folder, errors, device and seed."""
