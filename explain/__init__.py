"""One picture or video, explained.

Pipeline finds and frames the faces, train says where the run looks.
"""
