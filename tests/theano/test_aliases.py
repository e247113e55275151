"""Every name of Theano that programs are known to use is there, by its old path.

The lists are Theano's module tree, the names that its public programs and libraries were counted to
use, and those old paths that exist for them alone.
"""

import importlib

import bitale.theano
import pytest

# By module: what the module trees of Theano's documentation and what published programs name.
NAMES = {
    "theano": """function shared In Out Param Mode OpFromGraph as_op scan map reduce foldl foldr
        scan_checkpoints clone grad Rop Lop subgraph_grad dot sparse_grad get_scalar_constant_value
        pp pprint config change_flags OrderedUpdates Apply Variable Constant Op Type Generic generic
        FunctionGraph FunctionMaker ProfileStats function_dump predefined_modes
        __version__ InconsistencyError CLinker OpWiseCLinker DualLinker PerformLinker PY3
        SharedVariable predefined_linkers predefined_optimizers theano theano_logger
        typed_list wrap_py object2 configparser configdefaults compile version
        tensor gradient printing ifelse scan_module updates sparse scalar misc raise_op gof compat
        sandbox gpuarray""",
    "theano.tensor": """nnet signal nlinalg slinalg extra_ops sort subtensor shared_randomstreams
        raw_random fft io var sharedvar elemwise blas opt type inplace xlogx basic utils grad Rop
        Lop jacobian hessian verify_grad numeric_grad consider_constant Variable Elemwise CAReduce
        DimShuffle TensorType TensorVariable TensorConstant TensorSharedVariable matrix scalar
        ivector vector lscalar fmatrix iscalar fscalar tensor4 fvector dmatrix ftensor4 imatrix
        tensor3 dot tensordot batched_dot sqrt log cast switch sqr tanh clip exp floor maximum
        minimum mod add ceil expm1 abs_ inv isnan round square eq neq ge any argmax sum mean max
        prod min argsort zeros ones alloc arange constant as_tensor_variable ones_like zeros_like
        eye concatenate reshape stack flatten tile addbroadcast patternbroadcast repeat
        shape_padleft shape_padright shape_padaxis set_subtensor inc_subtensor ScalarFromTensor
        TensorFromScalar Argmax MaxAndArgmax Subtensor IncSubtensor AdvancedSubtensor1 Reshape Dot
        Join Alloc NotScalarConstantError ShapeError Op Apply Constant Type Generic DisconnectedType
        NoneConst Sum load MakeVector horizontal_stack vertical_stack discrete_dtypes int_dtypes
        continuous_dtypes uint_dtypes float_dtypes complex_dtypes all_dtypes integer_dtypes
        AdvancedSubtensor AdvancedIncSubtensor AdvancedIncSubtensor1 advanced_subtensor1
        printing gof compile theano""",
    "theano.tensor.nnet": """sigmoid softmax categorical_crossentropy relu binary_crossentropy
        softplus Softmax conv2d conv3d elu selu hard_sigmoid ultra_fast_sigmoid logsoftmax
        crossentropy_softmax_1hot h_softmax confusion_matrix softsign batch_normalization bn conv
        abstract_conv neighbours conv3d2d sigm nnet blocksparse ctc""",
    "theano.tensor.nnet.conv": "conv2d",
    "theano.tensor.nnet.abstract_conv": """AbstractConv2d AbstractConv2d_gradInputs
        AbstractConv2d_gradWeights AbstractConv3d AbstractConv3d_gradInputs
        AbstractConv3d_gradWeights conv2d_grad_wrt_inputs conv2d_grad_wrt_weights
        get_conv_output_shape bilinear_upsampling""",
    "theano.tensor.nnet.neighbours": "images2neibs neibs2images",
    "theano.tensor.nnet.conv3d2d": "conv3d",
    "theano.tensor.signal": "pool conv downsample",
    "theano.tensor.signal.pool": "pool_2d pool_3d max_pool_2d_same_size Pool",
    "theano.tensor.signal.downsample": "max_pool_2d",
    "theano.tensor.downsample": "max_pool_2d",
    "theano.tensor.extra_ops": """cumsum cumprod diff bincount repeat squeeze to_one_hot unique
        fill_diagonal compress""",
    "theano.tensor.xlogx": "xlogx xlogy0",
    "theano.tensor.inplace": "add_inplace exp_inplace tanh_inplace",
    "theano.tensor.shared_randomstreams": "RandomStreams",
    "theano.tensor.opt": """register_canonicalize register_stabilize register_specialize
        register_uncanonicalize ShapeFeature Assert assert_ MakeVector""",
    "theano.tensor.nlinalg": "matrix_inverse det eig eigh svd trace diag alloc_diag matrix_dot qr",
    "theano.tensor.slinalg": "cholesky solve solve_lower_triangular expm kron Cholesky Solve",
    "theano.tensor.utils": "shape_of_variables hash_from_ndarray",
    "theano.gradient": """DisconnectedType grad_clip grad_scale zero_grad disconnected_grad
        consider_constant DisconnectedInputError NullTypeGradError jacobian hessian verify_grad
        numeric_grad grad_undefined grad_not_implemented format_as GradientError""",
    "theano.printing": """Print pp pprint debugprint min_informative_str var_descriptor hex_digest
        OperatorPrinter PatternPrinter FunctionPrinter IgnorePrinter LeafPrinter DefaultPrinter
        PPrinter pydotprint pydotprint_variables PrinterState default_printer leaf_printer""",
    "theano.ifelse": "ifelse IfElse",
    "theano.scan_module": "scan map reduce foldl foldr until scan_checkpoints scan_utils scan_op",
    "theano.scan_module.scan_utils": "until clone map_variables infer_shape equal_computations",
    "theano.scan_module.scan_op": "Scan",
    "theano.scalar": """upcast identity Identity Composite float32 float64 int64 Scalar
        UnaryScalarOp BinaryScalarOp ScalarOp ScalarVariable ScalarConstant Cast cast
        float_types discrete_types continuous_types all_types
        upgrade_to_float add mul Add Mul get_scalar_type as_scalar""",
    "theano.compile": """SharedVariable Mode function shared builders mode ops io pfunc debugmode
        DebugMode MonitorMode FAST_RUN FAST_COMPILE optdb
        predefined_modes predefined_linkers predefined_optimizers register_linker
        register_optimizer pfunc orig_function rebuild_collect_shared SpecifyShape FromFunctionOp
        SymbolicInput SymbolicOutput UnusedInputError ViewOp DeepCopyOp
        Rebroadcast OpFromGraph FunctionMaker Function get_default_mode get_mode register_mode
        sharedvalue function_module nanguardmode monitormode profiling ProfileStats""",
    "theano.compile.profiling": "ProfileStats ScanProfileStats register_profiler_printer",
    "theano.compile.mode": """get_default_mode get_mode Mode register_mode FAST_RUN FAST_COMPILE
        register_linker register_optimizer predefined_linkers predefined_optimizers
        predefined_modes""",
    "theano.compile.debugmode": """DebugMode DebugModeError BadThunkOutput BadOptimization
        BadDestroyMap BadViewMap StochasticOrder InvalidValueError""",
    "theano.compile.nanguardmode": "NanGuardMode",
    "theano.compile.monitormode": "MonitorMode detect_nan",
    "theano.compile.sharedvalue": "SharedVariable shared generic",
    "theano.compile.pfunc": "Param pfunc rebuild_collect_shared",
    "theano.compile.builders": "OpFromGraph",
    "theano.compile.function": "function function_dump",
    "theano.compile.function_module": """Function FunctionMaker UnusedInputError orig_function
        convert_function_input""",
    "theano.compile.ops": """ViewOp DeepCopyOp Rebroadcast SpecifyShape FromFunctionOp view_op
        deep_copy_op as_op shape specify_shape""",
    "theano.compile.io": "In Out SymbolicInput SymbolicOutput",
    "theano.gof": """Variable Constant Apply Op Type graph opt toolbox utils fg op type
        is_same_graph
        FunctionGraph InconsistencyError Optimizer LocalOptimizer
        local_optimizer PatternSub OpSub OpRemove EquilibriumOptimizer TopoOptimizer SeqOptimizer
        MergeOptimizer EquilibriumDB SequenceDB Query ReplaceValidate Feature History NodeFinder
        Generic generic MethodNotDefined object2 hashtype WrapLinker WrapLinkerMany OpWiseCLinker
        CLinker DualLinker PerformLinker VM_Linker Container link cc vm LocalOptGroup
        NavigatorOptimizer PreserveNames PreserveVariableAttributes""",
    "theano.gof.cc": "CLinker OpWiseCLinker DualLinker",
    "theano.gof.fg": "FunctionGraph InconsistencyError MissingInputError",
    "theano.gof.link": "PerformLinker WrapLinker WrapLinkerMany",
    "theano.gof.null_type": "NullType null_type",
    "theano.gof.op": """Op get_debug_values get_test_value missing_test_message
        debug_error_message debug_assert""",
    "theano.gof.optdb": "DB EquilibriumDB SequenceDB LocalGroupDB Query",
    "theano.gof.type": "Type Generic generic",
    "theano.gof.vm": "VM_Linker",
    "theano.gof.graph": """inputs ancestors variables ops orphans variables_and_orphans
        list_of_nodes stack_search io_toposort general_toposort is_in_ancestors view_roots clone
        clone_get_equiv is_same_graph equal_computations as_string io_connection_pattern""",
    "theano.gof.utils": """MethodNotDefined flatten uniq memoize hash_from_code object2 undef
        give_variables_names difference hashtype scratchpad to_return_values from_return_values hist
        remove hash_from_file hash_from_ndarray""",
    "theano.gof.toolbox": "Feature ReplaceValidate History NodeFinder PrintListener Validator",
    "theano.gof.opt": """Optimizer LocalOptimizer local_optimizer optimizer PatternSub OpSub
        OpRemove in2out out2in MergeOptimizer EquilibriumOptimizer copy_stack_trace""",
    "theano.compat": "OrderedDict",
    "theano.compat.python2x": "OrderedDict",
    "theano.updates": "OrderedUpdates",
    "theano.raise_op": "Raise",
    "theano.compat.six": "string_types integer_types iteritems iterkeys itervalues with_metaclass",
    "theano.compat.six.moves": "xrange cPickle reduce zip map",
    "theano.configparser": "config change_flags",
    "theano.misc.frozendict": "frozendict",
    "theano.misc.may_share_memory": "may_share_memory",
    "theano.misc.ordered_set": "OrderedSet",
    "theano.misc.pkl_utils": "dump load StripPickler CompatUnpickler DEFAULT_PROTOCOL",
    "theano.misc.safe_asarray": "_asarray",
    "theano.sandbox.blocksparse": "sparse_block_dot",
    "theano.sandbox.conv": "conv2d",
    "theano.scalar.basic": "upcast UnaryScalarOp float_types upgrade_to_float_no_complex",
    "theano.scalar.basic_scipy": "GammaLn Psi Erf erf",
    "theano.scalar.sharedvar": "shared",
    "theano.scan_module.scan_views": "map reduce foldl foldr",
    "theano.sparse.type": "SparseType",
    "theano.tensor.blas": "Gemm Dot22 BatchedDot batched_dot",
    "theano.tensor.elemwise": "Elemwise CAReduce DimShuffle Sum Prod All Any",
    "theano.tensor.fft": "rfft irfft",
    "theano.tensor.raw_random": """RandomFunction uniform normal binomial multinomial permutation
        random_integers choice poisson""",
    "theano.tensor.sharedvar": "TensorSharedVariable SharedVariable ScalarSharedVariable",
    "theano.tensor.sort": "sort argsort topk argtopk topk_and_argtopk",
    "theano.tensor.subtensor": """Subtensor IncSubtensor AdvancedSubtensor AdvancedSubtensor1
        AdvancedIncSubtensor AdvancedIncSubtensor1 set_subtensor inc_subtensor take
        advanced_subtensor advanced_subtensor1 advanced_inc_subtensor1""",
    "theano.tensor.type": "TensorType values_eq_approx_remove_nan values_eq_approx_remove_inf",
    "theano.tensor.type_other": "NoneConst NoneTypeT SliceType slicetype",
    "theano.tensor.var": "TensorVariable TensorConstant",
    "theano.tests.breakpoint": "PdbBreakpoint",
    "theano.tests.unittest_tools": "InferShapeTester seed_rng assert_allclose fetch_seed",
    "theano.typed_list": "TypedListType append extend insert remove reverse length make_list",
    "theano.version": "version full_version short_version",
    "theano.sandbox.rng_mrg": "MRG_RandomStreams",
    "theano.sandbox.linalg": "matrix_inverse det eigh trace diag",
    "theano.sandbox.linalg.ops": "matrix_inverse det",
    "theano.sandbox.cuda": "cuda_enabled cuda_available dnn basic_ops pygpu_activated",
    "theano.sandbox.cuda.dnn": "dnn_available dnn_present",
    "theano.sandbox.cuda.basic_ops": "gpu_contiguous",
    "theano.sandbox.gpuarray": "pygpu_activated",
    "theano.gpuarray": "pygpu_activated dnn use",
    "theano.gpuarray.dnn": "dnn_present dnn_available",
    "theano.sandbox.neighbours": "images2neibs",
    "theano.sandbox.softsign": "softsign",
    "theano.sparse": """csr_matrix csc_matrix dot structured_dot as_sparse_variable SparseType
        csm_properties CSC CSR CSM sp_sum basic SparseVariable SparseConstant csr_fmatrix matrix
        as_sparse as_sparse_or_tensor_variable transpose add mul dense_from_sparse csr_from_dense
        csc_from_dense structured_sigmoid sqrt sp_ones_like sp_zeros_like clean hstack vstack diag
        row_scale col_scale StructuredDot type""",
}


@pytest.fixture(autouse=True)
def installed():
    with bitale.theano.installed():
        yield


@pytest.mark.parametrize("module", NAMES)
def test_a_module_has_the_names_that_programs_use(module):
    found = importlib.import_module(module)
    missing = [name for name in NAMES[module].split() if not hasattr(found, name)]
    assert not missing


# What programs were counted to read of variables, shared ones, functions, and settings.
OF_VARIABLES = """shape dimshuffle ndim mean sum dtype astype reshape argmax name flatten T eval max
    broadcastable nonzero type transpose owner tag var std min argmin prod any all norm dot clip
    repeat cumsum cumprod ravel take copy conj real imag squeeze swapaxes argsort sort trace
    diagonal fill zeros_like ones_like round clone"""
OF_SHARED = "get_value set_value default_update container name type"
OF_FUNCTIONS = "maker name fn profile copy get_shared trust_input input_storage output_storage"
SETTINGS = """floatX device mode optimizer linker compute_test_value on_unused_input cast_policy
    exception_verbosity optimizer_verbose warn_float64 allow_gc openmp cxx compiledir
    base_compiledir on_opt_error traceback.limit warn.subtensor_merge_bug gcc.cxxflags lib.cnmem
    nvcc.fastmath dnn.enabled int_division reoptimize_unpickled_function numpy.seterr_all
    NanGuardMode.nan_is_error DebugMode.check_strides unittests.rseed print_active_device
    scan.allow_gc warn.ignore_bug_before blas.ldflags"""


def reached(thing, path):
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize("name", SETTINGS.split())
def test_a_setting_is_there(name):
    import theano

    reached(theano.config, name)


@pytest.mark.parametrize("name", OF_VARIABLES.split())
def test_variables_have_what_programs_read(name):
    import theano.tensor as T

    assert hasattr(T.matrix(), name)


@pytest.mark.parametrize("name", OF_SHARED.split())
def test_shared_variables_have_what_programs_read(name):
    import theano

    assert hasattr(theano.shared(1.0), name)


@pytest.mark.parametrize("name", OF_FUNCTIONS.split())
def test_functions_have_what_programs_read(name):
    import theano

    x = theano.tensor.vector()
    assert hasattr(theano.function([x], x), name)


def test_a_compiled_graph_is_looked_through_as_programs_do():
    import theano

    x = theano.tensor.vector()
    f = theano.function([x], theano.tensor.exp(x) + 1, mode="FAST_COMPILE")
    nodes = f.maker.fgraph.apply_nodes
    assert any("exp" in str(node.op) for node in nodes)
    assert nodes == set(f.maker.fgraph.toposort())
    assert len(f.maker.fgraph.inputs) == len(f.maker.fgraph.outputs) == 1
