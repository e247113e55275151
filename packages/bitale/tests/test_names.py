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
        carry_scan change_flags clone clone_replace compile config debugprint dot
        foldl foldr function function_dump generic get_scalar_constant_value grad gradient
        graph graph_replace ifelse map pp pprint predefined_modes printing raise_op reduce
        scalar scan scan_checkpoints scan_module scan_utils shared sparse_grad subgraph_grad
        tensor updates wrap_py
    """,
    "bitale.printing": """
        DefaultPrinter FunctionPrinter IgnorePrinter LeafPrinter OperatorPrinter PPrinter
        PatternPrinter Print PrinterState debugprint default_printer hex_digest latex leaf_printer
        min_informative_str pp pprint pydotprint pydotprint_variables var_descriptor
    """,
    "bitale.compile.profiling": "ProfileStats ScanProfileStats register_profiler_printer",
    "bitale.gradient": """
        DisconnectedInputError DisconnectedType GradientError Lop NullType NullTypeGradError Rop
        consider_constant disconnected_grad disconnected_type format_as grad grad_clip
        grad_not_implemented grad_scale grad_undefined hessian hessian_vector_product jacobian
        null_type numeric_grad pullback pushforward subgraph_grad undefined_grad value_and_grad
        verify_grad zero_grad
    """,
    "bitale.compile": """
        BadDestroyMap BadOptimization BadThunkOutput BadViewMap DebugMode DebugModeError
        DeepCopyOp FAST_COMPILE FAST_RUN FromFunctionOp Function FunctionMaker Generic
        In InvalidValueError Mode MonitorMode NanGuardMode OpFromGraph Out OutputGuard
        PdbBreakpoint Rebroadcast SharedVariable SpecifyShape StochasticOrder
        UnusedInputError ViewOp as_op debugmode deep_copy_op function function_dump
        generic get_default_mode get_mode monitormode nanguardmode predefined_linkers
        predefined_modes predefined_optimizers register_linker register_mode
        register_optimizer shared shared_constructor view_op wrap_py
    """,
    "bitale.ifelse": "IfElse ifelse",
    "bitale.scan_module": """
        OrderedUpdates carry_scan foldl foldr map reduce scan scan_checkpoints until
    """,
    "bitale.sparse": """
        Binomial CSC CSM CSR DenseFromSparse Dot Multinomial Poisson SparseConstant
        SparseFromDense SparseSharedVariable SparseType SparseVariable StructuredDot TrueDot
        absolute add add_s_d add_s_s arcsin arcsinh arctan arctanh as_format
        as_sparse_or_tensor_variable as_sparse_variable bcast bsr_dmatrix bsr_fmatrix bsr_matrix
        cast ccast ceil clean col_scale conj constant construct_sparse_from_list csc_dbinomial
        csc_dmatrix csc_fbinomial csc_fmatrix csc_from_dense csc_matrix csm_data csm_indices
        csm_indptr csm_properties csm_shape csr_dbinomial csr_dmatrix csr_fbinomial csr_fmatrix
        csr_from_dense csr_matrix dcast deg2rad dense_from_sparse diag dot ensure_sorted_indices
        eq expm1 fcast floor ge gt hstack icast lcast le log1p lt matrix mul mul_s_d mul_s_s
        mul_s_v multinomial neg neq poisson rad2deg remove0 rint row_scale sampling_dot sgn sin
        sinh sp_ones_like sp_sum sp_zeros_like sparse_grad sqr sqrt square_diagonal
        structured_add structured_add_s_v structured_dot structured_exp structured_log
        structured_maximum structured_minimum structured_pow structured_sigmoid sub tan tanh
        transpose true_div true_dot trunc verify_grad_sparse vstack wcast zcast
    """,
    "bitale.tensor.nlinalg": """
        AllocDiag Det Eig Eigh Lstsq MatrixInverse MatrixPinv QR SVD SlogDet alloc_diag
        det diag diagonal eig eigh eigvalsh extract_diag inv kron logdet lstsq
        matrix_dot matrix_inverse matrix_power norm pinv qr slogdet svd tensorinv
        tensorsolve trace
    """,
    "bitale.tensor.slinalg": """
        Cholesky Expm Solve SolveTriangular block_diag cho_solve cholesky eigvalsh expm
        kron logm lu lu_factor lu_solve solve solve_continuous_lyapunov
        solve_discrete_lyapunov solve_lower_triangular solve_sylvester solve_symmetric
        solve_triangular solve_upper_triangular sqrtm
    """,
    "bitale.tensor.linalg": """
        block_diag cho_solve cholesky cond det diag diagonal eig eigh eigvals eigvalsh
        expm inv kron logdet logm lstsq lu lu_factor lu_solve matmul matrix_dot
        matrix_power matrix_rank matrix_transpose multi_dot norm outer pinv qr slogdet
        solve solve_continuous_lyapunov solve_discrete_are solve_discrete_lyapunov
        solve_lower_triangular solve_sylvester solve_symmetric solve_triangular
        solve_upper_triangular sqrtm svd svdvals tensordot tensorinv tensorsolve trace
        vecdot
    """,
    "bitale.tensor.fft": """
        fft fft2 fftfreq fftn fftshift ifft ifft2 ifftn ifftshift irfft irfft2 irfftn
        rfft rfft2 rfftfreq rfftn
    """,
    "bitale.tensor.extra_ops": """
        CpuContiguous SearchSorted SearchsortedOp Unique bartlett bincount broadcast_arrays
        broadcast_to compress cpu_contiguous cumprod cumsum diff fill_diagonal fill_diagonal_offset
        geomspace linspace logspace ravel_multi_index repeat searchsorted squeeze
        to_one_hot unique unravel_index
    """,
    "bitale.tensor.sort": "argsort argtopk sort topk topk_and_argtopk",
    "bitale.tensor.opt": "Assert MakeVector assert_op make_vector",
    "bitale.tensor.elemwise": "All Any CAReduce DimShuffle Elemwise Prod ProdWithoutZeros Sum",
    "bitale.tensor.subtensor": """
        AdvancedIncSubtensor AdvancedIncSubtensor1 AdvancedSubtensor AdvancedSubtensor1 IncSubtensor
        Subtensor inc_subtensor set_subtensor take
    """,
    "bitale.tensor.var": "TensorConstant TensorVariable",
    "bitale.tensor.sharedvar": """
        ScalarSharedVariable SharedVariable TensorSharedVariable shared shared_constructor
    """,
    "bitale.tensor.shared_randomstreams": "RandomStreams",
    "bitale.updates": "OrderedUpdates",
    "bitale.tensor.type": """
        TensorType values_eq_approx values_eq_approx_always_true values_eq_approx_remove_inf
        values_eq_approx_remove_inf_nan values_eq_approx_remove_nan
    """,
    "bitale.tensor.utils": "shape_of_variables",
    "bitale.tensor.xlogx": "xlogx xlogy0",
    "bitale.tensor.raw_random": """
        RandomFunction beta binomial choice exponential gamma integers multinomial new_state
        normal permutation poisson random_integers shuffle_row_elements truncated_normal uniform
    """,
    "bitale.sandbox.rng_mrg": "MRG_RandomStreams",
    "bitale.tensor.nnet": """
        CrossentropyCategorical1Hot LogSoftmax Softmax SoftmaxGrad SoftmaxWithBias abstract_conv
        batch_normalization batch_normalization_test batch_normalization_train
        binary_crossentropy blocksparse bn categorical_crossentropy causal_conv1d
        confusion_matrix conv conv1d conv1d_transpose conv2d conv2d_grad_wrt_inputs
        conv2d_grad_wrt_weights conv2d_transpose conv3d conv3d2d conv3d_grad_wrt_inputs
        conv3d_grad_wrt_weights conv3d_transpose crossentropy_categorical_1hot
        crossentropy_categorical_1hot_grad crossentropy_softmax_1hot
        crossentropy_softmax_1hot_with_bias crossentropy_softmax_1hot_with_bias_dx
        crossentropy_softmax_argmax_1hot_with_bias crossentropy_softmax_max_and_argmax_1hot
        crossentropy_softmax_max_and_argmax_1hot_with_bias ctc elu gelu gru_step h_softmax
        hard_sigmoid leaky_relu log_softmax logsoftmax logsoftmax_op lstm_step neighbours nnet
        prepend_0_to_each_row prepend_1_to_each_row prepend_scalar_to_each_row relu selu
        separable_conv2d separable_conv3d sigm sigmoid sigmoid_binary_crossentropy
        sigmoid_inplace silu simple_rnn_step softmax softmax_grad softmax_graph softmax_op
        softmax_with_bias softplus softsign sparse_block_dot tanh ultra_fast_sigmoid
    """,
    "bitale.tensor.nnet.blocksparse": "sparse_block_dot sparse_block_gemv sparse_block_outer",
    "bitale.tensor.nnet.bn": """
        batch_normalization batch_normalization_test batch_normalization_train
    """,
    "bitale.tensor.nnet.ctc": "ctc ctc_available",
    "bitale.tensor.nnet.sigm": """
        hard_sigmoid sigmoid sigmoid_inplace softplus ultra_fast_sigmoid
    """,
    "bitale.tensor.nnet.abstract_conv": """
        AbstractConv2d AbstractConv2d_gradInputs AbstractConv2d_gradWeights AbstractConv3d
        AbstractConv3d_gradInputs AbstractConv3d_gradWeights assert_conv_shape bilinear_kernel_1D
        bilinear_kernel_2D bilinear_upsampling border_mode_to_pad causal_conv1d
        check_conv_gradinputs_shape conv1d conv1d_transpose conv2d conv2d_grad_wrt_inputs
        conv2d_grad_wrt_weights conv2d_transpose conv3d conv3d_grad_wrt_inputs
        conv3d_grad_wrt_weights conv3d_transpose frac_bilinear_upsampling get_conv_gradinputs_shape
        get_conv_gradweights_shape get_conv_output_shape separable_conv2d separable_conv3d
    """,
    "bitale.tensor.nnet.conv": "conv2d",
    "bitale.tensor.nnet.conv3d2d": "conv3d",
    "bitale.tensor.signal.conv": "conv2d",
    "bitale.graph": """
        AlreadyThere Apply Bookkeeper CachedConstantError Constant Feature FunctionGraph
        History InconsistencyError MergeFeature MissingInputError NodeFinder
        PreserveNames PreserveVariableAttributes PrintListener ReplaceValidate
        ReplacementDidNotRemoveError ShapeFeature Validator Variable ancestors as_string
        clone clone_get_equiv clone_replace debug_assert debug_error_message
        equal_computations explicit_graph_inputs general_toposort get_debug_values
        get_test_value graph_inputs graph_replace inputs io_connection_pattern
        io_toposort is_in_ancestors is_same_graph list_of_nodes map_variables
        missing_test_message op_as_string ops orphans shape_of_variables stack_search
        variables variables_and_orphans view_roots
    """,
    "bitale.scan_utils": "clone clone_replace equal_computations infer_shape map_variables",
    "bitale.scalar": """
        BinaryScalarOp Clip ComplexError Composite InRange Scalar ScalarConstant ScalarOp
        ScalarVariable UnaryScalarOp as_common_dtype as_scalar cast clip complexs float_out floats
        get_scalar_type inclosedrange
        inopenrange ints same_out specific_out transfer_type upcast upcast_out upgrade_to_float
    """,
    "bitale.raise_op": "Raise",
    "bitale.tensor.io": "load",
    "bitale.tensor.type_other": "NoneConst NoneTypeT SliceType none_type_t slicetype",
    "bitale.misc": "pkl_utils",
    "bitale.misc.pkl_utils": """
        PersistentNdarrayID PersistentNdarrayLoad PersistentSharedVariableID StripPickler dump
        dump_zip load load_zip
    """,
}


# Imported when they are asked for.
WHEN_ASKED = ("misc", "sandbox", "sparse")


@pytest.mark.parametrize("name", WHEN_ASKED)
def test_a_module_is_there_when_it_is_asked_for(name):
    assert getattr(bitale, name).__name__ == f"bitale.{name}"
    for late in ("linalg", "fft", "raw_random", "shared_randomstreams", "io"):
        assert getattr(T, late).__name__ == f"bitale.tensor.{late}"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        T.nothing  # noqa: B018 (asking is what is tested)


@pytest.mark.parametrize("module", NAMES)
def test_a_module_holds_these_names_and_no_others(module):
    found = importlib.import_module(module)
    held = dir(found) if module == "bitale.printing" else vars(found)
    public = {name for name in held if not name.startswith("_")} | {"__version__"} & set(held)
    public -= {"TYPE_CHECKING", *(WHEN_ASKED if module == "bitale" else ())}
    # Who wants these imports them, and may have done so in this process.
    late = {"bitale": {"sparse", "theano"}, "bitale.compile": {"profiling"}}.get(module, set())
    assert public - late == set(NAMES[module].split())


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
