"""bitale-nnet: layers, losses, updates and a classifier, as expressions of the tensor language."""

from .cells import gru_step as gru_step
from .cells import lstm_step as lstm_step
from .cells import simple_rnn_step as simple_rnn_step
from .constraints import clip_by_norm as clip_by_norm
from .constraints import clip_by_value as clip_by_value
from .constraints import norm_constraint as norm_constraint
from .constraints import total_norm_constraint as total_norm_constraint
from .layers import GRU as GRU
from .layers import LSTM as LSTM
from .layers import Activation as Activation
from .layers import Bidirectional as Bidirectional
from .layers import Dense as Dense
from .layers import Embedding as Embedding
from .layers import Recurrent as Recurrent
from .layers import Sequential as Sequential
from .layers import SimpleRNN as SimpleRNN
from .layers.layer import Layer as Layer
from .layers.layer import Parameter as Parameter
from .penalties import l1 as l1
from .penalties import l2 as l2
from .storage.persistence import load_arrays as load_arrays
from .storage.persistence import save_arrays as save_arrays
from .training.classifier import Classifier as Classifier
from .training.classifier import NotFittedError as NotFittedError
from .training.minibatches import iterate_minibatches as iterate_minibatches
from .training.plotting import plot_learning_curve as plot_learning_curve
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

__version__ = "0.1.0"
