"""Pairs of real features of the CooperBench data set as missions, and what became of them looked at independently."""
