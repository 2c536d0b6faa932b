"""What Keras has by name and this version has not: so that errors can tell "not yet" from "never heard of".

A name goes from here when the thing comes. Each table leads from a name to what is to be said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .names import fold

Notes = Mapping[str, str]


def _not_yet(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "not supported yet")


CALLBACKS: Notes = _not_yet("OrbaxCheckpoint ProgbarLogger RemoteMonitor")
INITIALIZERS: Notes = _not_yet("STFT STFTInitializer")
LAYERS: Notes = _not_yet(
    "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
    "AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention Attention AugMix AutoContrast Average "
    "AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D Bidirectional CategoryEncoding "
    "CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D "
    "Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose "
    "Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D Cropping2D Cropping3D "
    "CutMix DepthwiseConv1D DepthwiseConv2D Discretization Dot EinsumDense Embedding Equalization FlaxLayer GRU "
    "GRUCell GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D "
    "GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D "
    "GlobalMaxPooling3D GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputSpec "
    "IntegerLookup JaxLayer LSTM LSTMCell Lambda Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D "
    "MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Merge Minimum MixUp MultiHeadAttention Multiply "
    "PReLU Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration "
    "RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur "
    "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation "
    "RandomSharpness RandomShear RandomTranslation RandomZoom RepeatVector Reshape Resizing ReversibleEmbedding "
    "STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SimpleRNN "
    "SimpleRNNCell Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization "
    "StackedRNNCells StringLookup Subtract TFSMLayer TextVectorization ThresholdedReLU TimeDistributed "
    "TorchModuleWrapper UnitNormalization UpSampling1D UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D "
    "ZeroPadding3D"
)
LOSSES: Notes = {
    **_not_yet("CTC Circle categorical_generalized_cross_entropy"),
    **dict.fromkeys(["RootMeanSquaredError", "rmse", "R2Score", "r2"], "a metric, not a loss"),
}
MODELS: Notes = _not_yet("Functional Model clone_model load_model model_from_json save_model")
OPTIMIZERS: Notes = _not_yet("Adafactor Ftrl Lamb LossScaleOptimizer MultiOptimizer Muon ScheduleFreeAdamW legacy")
METHODS: Notes = {  # of a model
    **dict.fromkeys(
        ["export", "save", "to_json"], "not supported yet, but pickle keeps a whole model, save_weights its weights"
    ),
    **_not_yet(
        "add_loss add_metric add_weight compute_loss compute_metrics make_train_function predict_step "
        "quantize stateless_call test_step train_step"
    ),
    **dict.fromkeys(["evaluate_generator", "fit_generator", "predict_generator"], "not supported yet, pass arrays"),
    **dict.fromkeys(["predict_classes", "predict_proba"], "predict(x) is probabilities, its argmax(axis=1) classes"),
}
PACKAGE: Notes = {
    **_not_yet(
        "DTypePolicy FloatDTypePolicy Function InputSpec KerasTensor Model Operation Quantizer RematScope "
        "StatelessScope SymbolicScope Variable applications datasets device distillation distribution dtype_policies "
        "export legacy mixed_precision name_scope preprocessing quantizers remat saving tree visualization wrappers"
    ),
    "config": "not supported; compile(dtype=) chooses float32 or float64",
    **dict.fromkeys(["ops", "random"], "not supported; NumPy's functions do"),
    "utils": "not supported; Sequential(seed=) decides what is drawn, numpy.eye(classes)[labels] makes one-hot rows",
}


def refusing(module: str, notes: Notes, there: Iterable[str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module in which ``there`` are names, and those of ``notes`` may be looked for.

    It raises NotImplementedError for the latter (``from module import name`` would swallow the message of an
    AttributeError) and AttributeError for any other name. Modules hide it from type checkers, which would else take
    every name for good.
    """
    listed = ", ".join(sorted(there))

    def __getattr__(name: str) -> Any:
        for other, note in () if name.startswith("_") else notes.items():
            if fold(other) == fold(name):
                raise NotImplementedError(f"{module}.{name}: {note}. Names: {listed}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__
