"""What runs inside a function environment: scripts for any Python from 3.8, no import of ours.

The zygote loads them as a private package of another name, so they import each other relatively
and never stand in the way of a module of the function's own.
"""
