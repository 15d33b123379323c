"""What puts lineage on a whole cluster: scripts, the relay as one file, and what goes beside them.

A kit is made from an order as a target's artefacts are; all scripts come from the same parts in `parts/`.
"""
