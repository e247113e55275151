"""bitale-nnet: layers, losses, updates, training and estimators, as expressions of the language."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sklearn.exceptions import NotFittedError as NotFittedError

    from .cells import gru_step as gru_step
    from .cells import lstm_step as lstm_step
    from .cells import simple_rnn_step as simple_rnn_step
    from .constraints import clip_by_norm as clip_by_norm
    from .constraints import clip_by_value as clip_by_value
    from .constraints import norm_constraint as norm_constraint
    from .constraints import total_norm_constraint as total_norm_constraint
    from .estimators.classifier import Classifier as Classifier
    from .estimators.features import UnscaledFeaturesWarning as UnscaledFeaturesWarning
    from .estimators.regressor import Regressor as Regressor
    from .layers import GRU as GRU
    from .layers import LSTM as LSTM
    from .layers import Activation as Activation
    from .layers import Attention as Attention
    from .layers import AveragePool1D as AveragePool1D
    from .layers import AveragePool2D as AveragePool2D
    from .layers import AveragePool3D as AveragePool3D
    from .layers import BatchNorm as BatchNorm
    from .layers import Bias as Bias
    from .layers import Bidirectional as Bidirectional
    from .layers import Concat as Concat
    from .layers import Conv1D as Conv1D
    from .layers import Conv2D as Conv2D
    from .layers import Conv3D as Conv3D
    from .layers import ConvTranspose1D as ConvTranspose1D
    from .layers import ConvTranspose2D as ConvTranspose2D
    from .layers import ConvTranspose3D as ConvTranspose3D
    from .layers import CustomRecurrent as CustomRecurrent
    from .layers import Dense as Dense
    from .layers import Dropout as Dropout
    from .layers import Embedding as Embedding
    from .layers import Expression as Expression
    from .layers import FeaturePool as FeaturePool
    from .layers import FeatureWTA as FeatureWTA
    from .layers import FeedForward as FeedForward
    from .layers import Flatten as Flatten
    from .layers import GaussianNoise as GaussianNoise
    from .layers import GlobalPool as GlobalPool
    from .layers import GroupNorm as GroupNorm
    from .layers import Input as Input
    from .layers import InstanceNorm as InstanceNorm
    from .layers import Inverse as Inverse
    from .layers import LayerNorm as LayerNorm
    from .layers import LocallyConnected2D as LocallyConnected2D
    from .layers import LocalResponseNorm as LocalResponseNorm
    from .layers import MaxPool1D as MaxPool1D
    from .layers import MaxPool2D as MaxPool2D
    from .layers import MaxPool3D as MaxPool3D
    from .layers import Merge as Merge
    from .layers import Network as Network
    from .layers import Pad as Pad
    from .layers import Pick as Pick
    from .layers import PositionalEmbedding as PositionalEmbedding
    from .layers import PositionalEncoding as PositionalEncoding
    from .layers import PReLU as PReLU
    from .layers import Recurrent as Recurrent
    from .layers import Reshape as Reshape
    from .layers import Residual as Residual
    from .layers import Row as Row
    from .layers import RReLU as RReLU
    from .layers import Scale as Scale
    from .layers import Sequential as Sequential
    from .layers import SimpleRNN as SimpleRNN
    from .layers import Slice as Slice
    from .layers import SpatialPyramidPool as SpatialPyramidPool
    from .layers import SpatialTransformer as SpatialTransformer
    from .layers import Standardization as Standardization
    from .layers import StepPool as StepPool
    from .layers import Sum as Sum
    from .layers import Summary as Summary
    from .layers import ThinPlateTransformer as ThinPlateTransformer
    from .layers import Training as Training
    from .layers import TransformerBlock as TransformerBlock
    from .layers import Transpose as Transpose
    from .layers import Upscale1D as Upscale1D
    from .layers import Upscale2D as Upscale2D
    from .layers import Upscale3D as Upscale3D
    from .layers.layer import Layer as Layer
    from .layers.layer import Parameter as Parameter
    from .layers.summary import summary as summary
    from .penalties import apply_penalty as apply_penalty
    from .penalties import l1 as l1
    from .penalties import l2 as l2
    from .penalties import regularize_layer_params as regularize_layer_params
    from .penalties import regularize_layer_params_weighted as regularize_layer_params_weighted
    from .penalties import regularize_network_params as regularize_network_params
    from .storage.persistence import load_arrays as load_arrays
    from .storage.persistence import save_arrays as save_arrays
    from .training.callbacks import Callback as Callback
    from .training.callbacks import EarlyStopping as EarlyStopping
    from .training.checkpoint import Checkpoint as Checkpoint
    from .training.history import History as History
    from .training.live_curve import LiveCurve as LiveCurve
    from .training.minibatches import iterate_minibatches as iterate_minibatches
    from .training.plotting import plot_learning_curve as plot_learning_curve
    from .training.schedules import ConstantRate as ConstantRate
    from .training.schedules import CosineDecay as CosineDecay
    from .training.schedules import ExponentialDecay as ExponentialDecay
    from .training.schedules import OneCycle as OneCycle
    from .training.schedules import ReduceOnPlateau as ReduceOnPlateau
    from .training.schedules import Schedule as Schedule
    from .training.schedules import StepDecay as StepDecay
    from .training.schedules import WarmUp as WarmUp
    from .training.trainer import Trainer as Trainer
    from .updates import adadelta as adadelta
    from .updates import adagrad as adagrad
    from .updates import adam as adam
    from .updates import adamax as adamax
    from .updates import adamw as adamw
    from .updates import amsgrad as amsgrad
    from .updates import apply_momentum as apply_momentum
    from .updates import apply_nesterov_momentum as apply_nesterov_momentum
    from .updates import get_or_compute_grads as get_or_compute_grads
    from .updates import momentum as momentum
    from .updates import nesterov_momentum as nesterov_momentum
    from .updates import rmsprop as rmsprop
    from .updates import sgd as sgd
else:
    from ._lazy import attributes as _attributes

    # A function of networks shall not wait for layers, training and files.
    __getattr__, __dir__, __all__ = _attributes(
        __name__,
        {
            "cells": "gru_step lstm_step simple_rnn_step",
            "constraints": "clip_by_norm clip_by_value norm_constraint total_norm_constraint",
            "estimators.base": "NotFittedError",
            "estimators.classifier": "Classifier",
            "estimators.features": "UnscaledFeaturesWarning",
            "estimators.regressor": "Regressor",
            "layers": """
                Activation Attention AveragePool1D AveragePool2D AveragePool3D BatchNorm Bias
                Bidirectional Concat Conv1D Conv2D Conv3D ConvTranspose1D ConvTranspose2D
                ConvTranspose3D CustomRecurrent Dense Dropout Embedding Expression FeaturePool
                FeatureWTA FeedForward Flatten GRU GaussianNoise GlobalPool GroupNorm Input
                InstanceNorm Inverse LSTM LayerNorm LocalResponseNorm LocallyConnected2D
                MaxPool1D MaxPool2D MaxPool3D Merge Network PReLU Pad Pick PositionalEmbedding
                PositionalEncoding RReLU Recurrent Reshape Residual Row Scale Sequential
                SimpleRNN Slice SpatialPyramidPool SpatialTransformer Standardization StepPool
                Sum Summary ThinPlateTransformer Training TransformerBlock Transpose Upscale1D
                Upscale2D Upscale3D summary
            """,
            "layers.layer": "Layer Parameter",
            "penalties": """
                apply_penalty l1 l2 regularize_layer_params regularize_layer_params_weighted
                regularize_network_params
            """,
            "storage.persistence": "load_arrays save_arrays",
            "training.callbacks": "Callback EarlyStopping",
            "training.checkpoint": "Checkpoint",
            "training.history": "History",
            "training.live_curve": "LiveCurve",
            "training.minibatches": "iterate_minibatches",
            "training.plotting": "plot_learning_curve",
            "training.schedules": """
                ConstantRate CosineDecay ExponentialDecay OneCycle ReduceOnPlateau Schedule
                StepDecay WarmUp
            """,
            "training.trainer": "Trainer",
            "updates": """
                adadelta adagrad adam adamax adamw amsgrad apply_momentum
                apply_nesterov_momentum get_or_compute_grads momentum nesterov_momentum rmsprop
                sgd
            """,
        },
    )
