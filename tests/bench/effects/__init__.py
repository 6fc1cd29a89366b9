"""Six outside effects, killed right after each: whose engine does one of them twice? ``python -m tests.bench.effects``."""
