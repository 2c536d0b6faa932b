"""The kernel files made into what engines run. A formula is written once, as functions; its loops are made here.

The kernel files (``kernels/*.py`` with formulas and loops) import nothing: ``real``, ``where``, ``sqrt``, ``tile_full`` and
the like are borrowed from whoever loads them. From there, in this order:

``parts``
    reads the files: which functions there are, and what they take;
``tables``
    makes formulas of them, by name: activations, losses, losses of whole rows, update rules, and those that users add;
``activation_loops``, ``loss_loops``, ``row_loss_loops``, ``update_loops``
    write a formula's loop over memory, from its signature;
``text``
    puts it all together: as one text, which the build compiles with Cython (types come from the annotations), or as
    functions, which Numba jits and an interpreter steps through;
``arrays``, ``row_arrays``
    lend NumPy's meanings to the formulas: what the reference engine computes with, and users call.

All but the last two need the standard library only: the build runs them before the package exists.
"""
