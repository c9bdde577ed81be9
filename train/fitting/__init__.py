"""Stage train: from batches to a trained run.

Files:
    distributed.py    several processes that train one model, under torchrun
    face_lists.py     tables of faces with a skipped step or a changed label
    fine_tuning.py    learning rates per level, and levels that rest at first
    finished.py       what a run depends on, and whether it is done, without torch
    framing.py        how the training faces lie in their crops
    gradient_buckets.py  sums gradients over the ranks during the backward pass
    label_store.py    labels that training may change
    loggers.py        shows curves elsewhere: TensorBoard, Weights & Biases, MLflow
    loss_scale.py     scale of the loss in half precision
    metrics_log.py    training curves, one table per metric
    model_selection.py  which state is the best, when to validate, when to stop early
    moving_average.py  EMA of the weights
    optimisers.py     the families of optimisers and schedules
    out_of_memory.py  recognises out of memory, and says what to change
    run_position.py   epoch and step that a run has reached
    run_report.py     lines, progress and estimates while a run trains
    stage.py          stage `train`
    step_loop.py      takes the steps of an epoch, reads their results
    stop_request.py   Ctrl-C, SIGTERM and SIGUSR1: finish the step, save, exit
    train_state.py    the model in training and everything that a step changes
    trainer.py        the loop over epochs and steps
    validation.py     scores on the validation split that choose the best epoch
    warm_start.py     takes the weights of an earlier run
"""
