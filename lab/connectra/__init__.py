"""A stand-in for Connectra: the real wire protocol, limits, error answers and analysers over indexes in memory.

Shares no code with the product's client, on purpose: one misreading would hide the other. `command.py` has the
command line, `controls.py` the run-time switches under /lab/.
"""
