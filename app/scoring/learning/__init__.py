"""Learning a desk's own model from its ratings. Pure; numpy and scipy are imported here by the learning process alone.

`words` and `intercept` need neither and are all that a live process may import from this package.
"""
