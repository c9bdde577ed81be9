"""What AULens does on a GPU, in eight minutes, on a machine without a network.

    bash benchmarks/gpu/run.sh            on a machine with a GPU
    python -m benchmarks.gpu [PART ...]   anywhere; without CUDA in a size that shows that it runs

Files:
    __main__.py  the parts, a time limit for all of them, dated JSON after each
    compiling.py torch.compile and CUDA graphs against the step as it is
    data.py      synthetic faces, drawn on all cores, and stores of any size of them
    scale.py     how much is run, the shipped numbers at that size, clocks
    scoring.py   stage `evaluate` against a forward pass
    steps.py     single steps: alignment, feeding, waits, kernels, every method
    training.py  whole trainings: epochs, resume, agreement with the CPU, learning
    wheels.txt   what a machine with torch, timm, numpy, polars and OpenCV still needs
"""
