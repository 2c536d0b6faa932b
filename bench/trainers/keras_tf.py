"""Keras 3 with the TensorFlow backend."""

from __future__ import annotations

from bench.trainers.keras_fit import keras_version, setup_keras

PACKAGES = ("keras", "tensorflow")
ENVIRONMENT = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2"}
VARIANTS: dict[str, dict] = {"Keras (TF)": {}, "Keras (TF), 32 steps a call": {"steps": 32}}


def version() -> str:
    return keras_version("tensorflow", "tensorflow-cpu", "tensorflow-macos")


setup = setup_keras
