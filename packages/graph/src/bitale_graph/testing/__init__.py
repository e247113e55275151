"""For the tests of every layer: samples of each op, and comparisons that say what differs."""

from .compare import assert_graph_equal as assert_graph_equal
from .compare import assert_same_values as assert_same_values
from .compare import difference as difference
from .compare import ulp_distance as ulp_distance
from .op_check import check_op as check_op
from .runner import check_shapes as check_shapes
from .runner import run_samples as run_samples
from .sample import LAYOUTS as LAYOUTS
from .sample import OpSample as OpSample
from .sample import laid_out as laid_out
from .table import differentiable_samples as differentiable_samples
from .table import op_samples as op_samples
from .table import sampled_subjects as sampled_subjects
from .table import samples_by_subject as samples_by_subject
