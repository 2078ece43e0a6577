"""How fast the product is. `make bench` runs all of it on this machine and prints a table.

Machines differ and are noisy: compare within one run, and look at the ratios.
"""
