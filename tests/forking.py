"""One fork server for all tests; it has imported whatever any child needs.

A later preload list replaces an earlier one, so all tests share one list. Without preloaded modules
every child imports torch anew, and the tests that kill trainings take ten times as long.
"""

from multiprocessing import get_context

_CONTEXT = get_context("forkserver")
_MODULES = []


def forkserver(*modules):
    """Return the context, after adding modules to those that it imports at its start."""
    _MODULES.extend(modules)
    _CONTEXT.set_forkserver_preload(_MODULES)
    return _CONTEXT
