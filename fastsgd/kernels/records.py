"""The three records through which Python hands a job to the kernels: field names and their types, in memory order.

Addresses are absolute, counts are in elements unless they say bytes. The ctypes structures (``engines/layout.py``), Numba's
record types and Cython's structs are all made from these lists. Kernels that were compiled for other lists read one field
for another, and may never come to an end: see :func:`stamp`.
"""

import zlib

# What a step of the network does; the kernels know the number of each under its name in capitals.
KINDS = (
    "dense", "activation", "softmax", "log_softmax", "layer_norm", "batch_norm", "residual", "activity",
    "scaling", "dropout", "alpha_dropout", "gaussian_dropout", "gaussian_noise",
)  # fmt: skip

FINISH = ("now", "part", "decay", "limit", "keep", "overwrite")  # numbers of a step behind the rule's: see finish.py
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")  # ways to clip, by the names of Keras's arguments

# One step of the network. K inputs, N outputs; panels of `width` columns; weight panel: `height` rows and the bias row.
LAYER = {
    "kind": "i64",  # DENSE, ACTIVATION: see KINDS
    "inputs": "i64",  # K
    "outputs": "i64",  # N
    "use_bias": "i64",
    "joined": "i64",  # 1: the bias follows the last weight, and row 1 of the inputs' panels the last input (see one.py)
    "thin": "i64",  # 1: an output layer of few columns, kept transposed (see thin.py)
    "width": "i64",  # columns of a panel of weights, outputs and deltas
    "panels": "i64",
    "height": "i64",  # rows of weights in a panel: K rounded up to 16; the bias is row `height`
    "source": "i64",  # address of the inputs' panels: the layer below's A, or the gathered rows
    "source_width": "i64",
    "W": "i64",  # address of the weight panels; the optimizer's memories lie `bank` bytes apart behind them
    "WT": "i64",  # address of the transposed copy, in panels of source_width columns; 0: nobody needs it
    "turned": "i64",  # rows of a panel of WT: N rounded up to 16
    "halves": "i64",  # address of two parts of the deltas below, which WT is not needed for; 0: WT is (see columns.py)
    "rows_up": "i64",  # rows whose inputs stay in the second-level cache while they go through all panels
    "rows_down": "i64",  # and rows whose deltas do
    "A": "i64",  # outputs
    "Z": "i64",  # pre-activations: A itself unless the slope needs them
    "D": "i64",  # deltas, dL/dz; of a thin last layer the targets, before there is a loss
    "activate": "i64",  # address of a loop (a, z, n, c); 0: linear
    "slope": "i64",  # address of a loop (d, a or z, n, c); 0: linear
    "relu": "i64",  # 1: dense, in panels, and its activation is relu, which the products bring along
    "seen": "i64",  # what `slope` reads: A or Z
    "constants": "i64",  # address of the formula's parameters
    "cleared": "i64",  # 1: padding is made 0 again, as a formula of one's own may be infinite at what it finds there
    "use_scale": "i64",  # normalization learns gamma
    "vector": "i64",  # elements from gamma to beta: columns of all panels
    "stats": "i64",  # address of what normalization keeps from forward to backward
    "fixed": "i64",  # 1: batch normalization goes by its moving statistics in training, too
    "begin": "i64",  # of a residual block: the number of its first step
    "draws": "i64",  # 1: in training the outputs are random
    "limit": "i64",  # draws below it, of 2**31, drop
    "seeded": "i64",  # 1: draws come from `seed` instead of the task's
    "seed": "i64",
    "by_unit": "i64",  # 1: its products are the matrix unit's (see unit.py); what follows is about them
    "groups": "i64",  # chunks that the rows of a block make
    "X_left": "i64",  # addresses: the inputs, as the left factor of the outputs,
    "XT_left": "i64",  # and turned, as that of the gradient
    "D_left": "i64",  # the deltas, as the left factor of those below; 0: there are none
    "D_right": "i64",  # and as the right one of the gradient
    "W_right": "i64",  # the weights
    "WT_right": "i64",  # and turned, as the right factor of the deltas below; 0: there are none
}

# Weights that one thread takes from their whole gradient to their new value: see finish.py. A multiple of 16 elements.
PIECE = {
    "W": "i64",  # address
    "count": "i64",  # elements
    "layer": "i64",  # number of the layer
    "panel": "i64",  # of whose transposed copy this is the source; -1: there is none
    "first": "i64",  # first piece of its variable
    "of": "i64",  # pieces of its variable
    "decays": "i64",  # 1: weight decay that is not in the rule applies
    "constraint": "i64",  # 0, or one of the constants
    "width": "i64",  # of the panels
    "group": "i64",  # first of the pieces whose norm is taken together
    "group_size": "i64",
    "l1": "f8",
    "l2": "f8",
    "low": "f8",  # of a constraint on norms
    "high": "f8",
    "rate": "f8",
}

CONSTANTS = {
    **{kind.upper(): number for number, kind in enumerate(KINDS)},
    **{name.upper(): place for place, name in enumerate(FINISH)},
    "MANY": 64,  # small batches that one thread takes in one go
    "AHEAD": 8,  # of those of one row between a row and the one that is asked for meanwhile
    "ROWS_AHEAD": 32,  # the same in larger batches, where rows are narrow and far
    "ROW_BY_ROW": 128,  # columns of rows that are gathered one after the other, and not panel by panel
    "PLANE": 512,  # of a chunk of the matrix unit: one of the three parts of its numbers
    "CHUNK": 3 * 512,
    "CLIP_VALUE": 1, "CLIP_NORM": 2, "CLIP_ALL": 3,  # ways to clip
    "NOT_NEGATIVE": 1, "NORMS": 2, "NORM": 3,  # constraints: NORMS of the columns of a panel, or the one NORM of a group
}  # fmt: skip

# One job: a network, its rows, and how far it is. Only thread 0 writes it, when all others have left.
TASK = {
    "layers": "i64",
    "depth": "i64",  # layers that training goes through
    "inputs": "i64",
    "outputs": "i64",
    "input": "i64",  # address of the gathered rows, in panels
    "input_width": "i64",
    "apart": "i64",  # bytes from one thread's gathered rows to the next's; 0: all gather into the same panels
    "path": "i64",  # ROWS, COLUMNS, LANES, ONE, or one that no kernel asks for (engines/paths.py)
    "address": "i64",  # of this record
    "block": "i64",  # addresses of the path's two kernels: outputs, losses and deltas of a block of rows,
    "settle": "i64",  # its gradients and the update; 0: the first does it all, of many batches in one go, their losses in `sums`
    "finish": "i64",  # address of the kernel for updates from whole gradients
    "forward_other": "i64",  # addresses of kernels for steps of other kinds than dense and activation (see steps.py)
    "learn_vectors": "i64",
    "forward_activity": "i64",  # 0: no outputs are regularized
    "rows": "i64",  # most rows of a block
    "round": "i64",  # most rows between two looks at the budget: a block, or one for each lane
    "lanes": "i64",
    "crew": "i64",  # addresses of a Task for each thread, with room of its own: what a lane works with
    "sums": "i64",  # address of a double for each lane, or for each batch of those that one thread takes in one go
    "pitch": "i64",  # rows from one panel of activations to the next (one more than `rows`: no two panels share a cache set)
    "ones": "i64",  # address of `rows` ones, or of 32 if that is more: the bias's inputs
    "column": "i64",  # elements from one output of a thin layer to the next: `rows` and some, rounded up to 16
    "scratch": "i64",  # address of a gradient tile for each thread
    "row_losses": "i64",  # address of a double for each row of a block
    "signals": "i64",  # address of a line for each thread: how many barriers it has reached
    "threads": "i64",
    "bank": "i64",  # bytes from a weight to its first memory, and on to the next
    "gradients": "i64",  # bytes from a weight to its gradient
    "x": "i64",
    "x_stride": "i64",
    "y": "i64",
    "y_stride": "i64",
    "order": "i64",  # address of row numbers, int64
    "far": "i64",  # which cache rows in random order are sent to: 1 from FAR bytes on, 2 from FARTHER (engines/paths.py)
    "predictions": "i64",  # address of (samples, outputs), or 0
    "head": "i64",  # address of the kernel for layer `depth`, which makes predictions of what the loss reads; 0: none wanted
    "samples": "i64",
    "batch": "i64",
    "loss": "i64",  # address of a loop; 0: none wanted
    "loss_constants": "i64",
    "point": "i64",  # address of the same formula for one number; 0: not for these rows
    "by_row": "i64",  # 1: the loss is one of whole rows
    "judge_row": "i64",  # address of that for batches of one row; 0: rows are judged by 16
    "elements": "i64",  # losses of a row that are averaged
    "judged": "i64",  # address of what the loss reads, in the form of the last layer's A: that, or its logits
    "targets": "i64",  # columns of y; of a row loss's one-hot rows where `labels`
    "labels": "i64",  # 1: y holds numbers of classes, int64
    "weights": "i64",  # address of the samples' weights, or 0
    "groups": "i64",  # room for 16 rows side by side, `group` elements a row of a block
    "group": "i64",
    "update": "i64",  # address of a loop
    "rank": "i64",  # address of the same rule's loop for batch 1
    "line": "i64",  # and of that for its thin layers
    "descend": "i64",  # and of that for batches of one block; 0: there is none
    "far_weights": "i64",  # 1: weights, memories and copies are more than the second-level cache holds
    "deferred": "i64",  # 1: updates need whole gradients, see finish.py; what follows is about them
    "pieces": "i64",  # number of pieces
    "piece": "i64",  # address of their records
    "rule_numbers": "i64",  # numbers of a step that belong to the rule; those of FINISH follow
    "clip": "i64",  # 0, or one of the constants
    "joint": "i64",  # 1: constraints on norms over several pieces
    "average": "i64",  # bytes from a weight to its moving average; 0: none is kept
    "gathered": "i64",  # bytes from a weight to the sum of its gradients; 0: each makes an update
    "norms": "i64",  # address of a double for each piece, and so
    "penalties": "i64",
    "product": "i64",  # addresses of the kernels of these names: compiled once, instead of into each of their callers
    "product_narrow": "i64",
    "hyper": "i64",  # address of the update rule's numbers for the steps from `hyper_step` on
    "hyper_step": "i64",
    "hyper_stride": "i64",
    "shuffle": "i64",
    "seed": "i64",
    "first_epoch": "i64",  # number of the run's first epoch for the shuffle
    "epoch": "i64",  # epochs finished
    "stop_epoch": "i64",
    "epoch_losses": "i64",  # address of a double for each epoch from `losses_epoch` on: the sum over its elements
    "losses_epoch": "i64",
    "start": "i64",  # samples of this epoch that are behind us in whole batches
    "done": "i64",  # samples of this batch whose gradient is in already
    "step": "i64",  # updates done
    "budget": "i64",  # blocks until Python wants to be asked
    "failed": "i64",  # 0, or 1 + the number of the batch whose loss was not finite
    "failed_epoch": "i64",
    "total": "f8",  # sum of the losses of this epoch's elements so far
    "whole": "f8",  # where `done` is above 0: that before this batch
}


def stamp() -> int:
    """A number that is another one for other records; each extension tells that of the records it was compiled for."""
    return zlib.crc32(repr((LAYER, PIECE, CONSTANTS, TASK)).encode())
