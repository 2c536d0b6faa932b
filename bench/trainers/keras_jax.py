"""Keras 3 with the JAX backend."""

from __future__ import annotations

from bench.trainers.keras_fit import keras_version, setup_keras

PACKAGES = ("keras", "jax")
ENVIRONMENT = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
VARIANTS: dict[str, dict] = {"Keras (JAX)": {}, "Keras (JAX), 32 steps a call": {"steps": 32}}


def version() -> str:
    return keras_version("jax")


setup = setup_keras
