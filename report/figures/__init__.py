"""Numbers and maps as pictures.

Files:
    chart.py              a chart as PNG for papers and as SVG for the page
    curve_chart.py        learning curves of one method
    drawing.py            a matplotlib page measured in pixels
    face_grids.py         mean maps per expression, faces with their maps, misclassified faces
    forest_chart.py       scores with intervals, beside the baselines
    grids.py              grids of pictures
    matrices.py           confusion matrix, layers by expressions
    overlays.py           maps as colours, alone or over a picture
    reliability_chart.py  accuracy against confidence
    robustness_chart.py   scores on degraded faces
    sweep_charts.py       accuracy and agreement against the setting that varies
"""
