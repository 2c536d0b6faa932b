"""Callbacks: what is to happen at given moments of training."""

from __future__ import annotations

from ..history import History
from .base import Callback
from .callback_list import CallbackList
from .early_stopping import EarlyStopping, MonitorCallback
from .lambda_callback import LambdaCallback

__all__ = ["Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "MonitorCallback"]
