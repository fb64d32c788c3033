"""The suite proves its own statistics: simulations and oracles whose figures `make evidence` publishes."""
