"""Long work that outlives whoever asked for it: a folder per job, a detached worker, locks that the kernel lets go.

What a job does is not known here: ``divine.services.jobs`` names the kinds, and hands their functions to the worker.
"""
