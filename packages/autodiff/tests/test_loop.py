import pytest
from bitale_autodiff import grad
from bitale_graph import Loop
from bitale_graph import language as T
from bitale_graph.base.errors import MissingRuleError
from bitale_graph.ops.loop import Result, Step
from bitale_graph.tensor import scalar


def test_a_fused_loop_says_when_to_differentiate_instead():
    x = T.dvector()
    step = Step(scalar.exp, (0,), "float64")
    y = Loop(1, (step,), (Result(1, "float64"),))(x)
    with pytest.raises(MissingRuleError, match="before it is compiled or rewritten"):
        grad(T.sum(y), x)
