"""The embedded demo dataset: a public-domain portrait, warped by action units into labelled faces.

Synthetic and of a single identity: it shows that the software works, and nothing about real people.
"""
