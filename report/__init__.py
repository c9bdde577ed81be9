"""Scores to pages: tables, figures, one self-contained report. No torch here.

Files:
    content.py         the content of the page, per dataset and method
    figures/           charts and pictures
    finished.py        what the page depends on, and whether it is there, without matplotlib
    page.py            stage `report`
    params.py          sections [report] and [explain.draw] of params.yaml
    reading/           what the page is made from
    survey_section.py  the page's section on a dataset
    tables/            tables and sentences
    views/             what `view` and `explain` draw
"""
