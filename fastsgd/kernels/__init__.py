"""The one source: formulas, loops and driver that every engine runs (see :mod:`fastsgd.kernels.source`)."""
