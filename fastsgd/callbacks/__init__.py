"""Callbacks: what is to happen at given moments of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import absent
from ..history import History
from .base import Callback
from .callback_list import CallbackList
from .early_stopping import EarlyStopping, MonitorCallback
from .lambda_callback import LambdaCallback
from .time_limit import TimeLimit
from .timer import Timer

__all__ = [
    "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "MonitorCallback", "TimeLimit", "Timer",
]  # fmt: skip

if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.CALLBACKS, __all__)
