"""One fork server for all tests, with everything imported that any child needs.

A list set later replaces one set before, so there is one list: without its modules every child
imports torch anew, and killing trainings takes ten times as long.
"""

from multiprocessing import get_context

_CONTEXT = get_context("forkserver")
_MODULES = []


def forkserver(*modules):
    """Return the context, after adding modules to those that it imports at its start."""
    _MODULES.extend(modules)
    _CONTEXT.set_forkserver_preload(_MODULES)
    return _CONTEXT
