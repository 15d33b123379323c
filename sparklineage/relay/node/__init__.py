"""The relay of a cluster's node: `relay.pyz`, one file that any Python from 3.9 on runs.

It reads relay.json, which a kit wrote, delivers the spool of the node, and tells how that goes.
"""
