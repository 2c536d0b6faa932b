"""The one source: formulas, loops and driver that every engine runs; :mod:`fastsgd.kernels.source` puts it together."""
