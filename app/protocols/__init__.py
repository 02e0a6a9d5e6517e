"""Recovery protocols: what to notice and what to do then, decided without a network, a database or a clock."""
