"""What rollout.yaml means: every decision, no deed. No network, no clock, no chance.

Kept empty of imports: a worker loads `rollout.table` and must not load the parser with it.
"""
