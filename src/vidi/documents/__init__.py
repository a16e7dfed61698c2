"""Model card, datasheet and report page: written from results; computes nothing."""
