"""The names that programs are written with; a change of a list is a change for users."""

import importlib

import bitale
import bitale.tensor as T
import bitale_graph.language
import pytest

NAMES = {
    "bitale": """
        Apply Constant Function FunctionGraph FunctionMaker Generic In Lop Mode Op
        OpFromGraph OrderedUpdates Out Rop SharedVariable Type Variable __version__ as_op
        carry_scan change_flags clone clone_replace compile config debugprint doctor dot
        foldl foldr function generic get_scalar_constant_value grad gradient graph
        graph_replace ifelse map pp pprint predefined_modes printing raise_op reduce sandbox
        scalar scan scan_checkpoints scan_module scan_utils shared subgraph_grad tensor wrap_py
    """,
    "bitale.scalar": "ScalarOp",
    "bitale.printing": "Print debugprint pp pprint",
    "bitale.gradient": """
        DisconnectedInputError DisconnectedType GradientError Lop NullType NullTypeGradError Rop
        consider_constant disconnected_grad disconnected_type format_as grad grad_clip
        grad_not_implemented grad_scale grad_undefined hessian hessian_vector_product jacobian
        null_type numeric_grad pullback pushforward subgraph_grad undefined_grad value_and_grad
        verify_grad zero_grad
    """,
    "bitale.compile": """
        DeepCopyOp FromFunctionOp Function FunctionMaker Generic In Mode OpFromGraph Out
        OutputGuard PdbBreakpoint SharedVariable ViewOp as_op deep_copy_op function generic
        get_default_mode get_mode predefined_modes register_mode shared shared_constructor
        view_op wrap_py
    """,
    "bitale.ifelse": "IfElse ifelse",
    "bitale.scan_module": """
        OrderedUpdates carry_scan foldl foldr map reduce scan scan_checkpoints until
    """,
    "bitale.tensor.opt": "Assert assert_op",
    "bitale.tensor.elemwise": "CAReduce DimShuffle Elemwise",
    "bitale.tensor.subtensor": """
        AdvancedIncSubtensor AdvancedIncSubtensor1 AdvancedSubtensor AdvancedSubtensor1 IncSubtensor
        Subtensor inc_subtensor set_subtensor
    """,
    "bitale.tensor.var": "TensorConstant TensorVariable",
    "bitale.tensor.sharedvar": """
        ScalarSharedVariable SharedVariable TensorSharedVariable shared shared_constructor
    """,
    "bitale.tensor.shared_randomstreams": "RandomStreams",
    "bitale.tensor.raw_random": """
        beta binomial choice exponential gamma integers multinomial new_state normal permutation
        poisson random_integers shuffle_row_elements truncated_normal uniform
    """,
    "bitale.sandbox.rng_mrg": "MRG_RandomStreams",
    "bitale.tensor.nnet": """
        binary_crossentropy categorical_crossentropy elu gru_step hard_sigmoid leaky_relu
        log_softmax logsoftmax lstm_step relu selu sigmoid sigmoid_binary_crossentropy
        simple_rnn_step softmax softplus softsign tanh
    """,
    "bitale.graph": """
        Apply Constant Variable ancestors as_string clone clone_get_equiv clone_replace
        equal_computations explicit_graph_inputs general_toposort graph_inputs graph_replace
        inputs io_connection_pattern io_toposort is_in_ancestors is_same_graph list_of_nodes
        map_variables op_as_string ops orphans stack_search variables variables_and_orphans
        view_roots
    """,
    "bitale.scan_utils": "clone clone_replace equal_computations infer_shape map_variables",
    "bitale.raise_op": "Raise",
    "bitale.tensor.io": "load",
    "bitale.tensor.type_other": "NoneConst NoneTypeT SliceType none_type_t slicetype",
}


@pytest.mark.parametrize("module", NAMES)
def test_a_module_holds_these_names_and_no_others(module):
    held = vars(importlib.import_module(module))
    public = {name for name in held if not name.startswith("_")} | {"__version__"} & set(held)
    assert public == set(NAMES[module].split())


def test_the_tensor_module_holds_the_whole_language():
    language = {n for n in vars(bitale_graph.language) if not n.startswith("_")}
    assert language - set(vars(T)) == set()
    more = [
        "Lop",
        "Rop",
        "Variable",
        "consider_constant",
        "grad",
        "nnet",
        "numeric_grad",
        "verify_grad",
    ]
    assert all(hasattr(T, name) for name in more)


@pytest.mark.parametrize("rank", ["scalar", "vector", "matrix", "row", "col", "tensor3", "tensor4"])
@pytest.mark.parametrize("letter", ["", *"bwilfdcz"])
def test_there_is_a_constructor_for_each_rank_and_letter(letter, rank):
    x = getattr(T, letter + rank)("x")
    assert (x.name, type(x)) == ("x", T.TensorVariable)


@pytest.mark.parametrize("rank", ["scalars", "vectors", "matrices", "tensor3s"])
@pytest.mark.parametrize("letter", ["", "i", "f", "d"])
def test_there_are_constructors_of_several(letter, rank):
    x, y = getattr(T, letter + rank)("x", "y")
    assert (x.name, y.name) == ("x", "y")


def test_names_are_those_of_the_layers():
    assert bitale.grad is T.grad is bitale.gradient.grad
    assert bitale.function is bitale.compile.function
    assert bitale.dot is T.dot


def test_var_is_the_variance_and_a_module():
    import bitale.tensor.var

    assert callable(bitale.tensor.var)
    assert importlib.import_module("bitale.tensor.var").TensorVariable is T.TensorVariable


def test_networks_are_reached_by_either_spelling():
    import bitale.tensor.nnet as nnet

    assert nnet is T.nnet


def test_flags_change_for_a_block():
    with bitale.change_flags(floatX="float32"):
        assert T.vector().dtype == "float32"
    with bitale.config.change_flags(floatX="float32"):
        assert T.vector().dtype == "float32"
    assert T.vector().dtype == bitale.config.floatX
