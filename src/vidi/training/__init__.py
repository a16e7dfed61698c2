"""The one loop, its steps, schedules, budgets and checkpoints."""
