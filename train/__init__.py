"""Stores to scores: methods, the training loop, evaluation.

No face tool and no picture decoding here.
"""
