"""How the shipped priors and word lists are fitted and checked. Only `kintsugi train` and `evaluate` load this."""
