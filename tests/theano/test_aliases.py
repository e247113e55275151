"""Every name of Theano that programs are known to use is there, by its old path."""

import importlib

import bitale.theano
import pytest

# By module: what the module trees of Theano's documentation and what published programs name.
NAMES = {
    "theano": """function shared In Out Param Mode OpFromGraph as_op scan map reduce foldl foldr
        scan_checkpoints clone grad Rop Lop subgraph_grad dot sparse_grad get_scalar_constant_value
        pp pprint config change_flags OrderedUpdates Apply Variable Constant Op Type Generic generic
        FunctionGraph FunctionMaker function_dump predefined_modes
        __version__ InconsistencyError tensor gradient printing
        ifelse scan_module updates sparse scalar compile misc raise_op gof compat
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
        Join Alloc NotScalarConstantError ShapeError""",
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
        PPrinter PrinterState default_printer leaf_printer""",
    "theano.ifelse": "ifelse IfElse",
    "theano.scan_module": "scan map reduce foldl foldr until scan_checkpoints scan_utils scan_op",
    "theano.scan_module.scan_utils": "until clone map_variables infer_shape equal_computations",
    "theano.scan_module.scan_op": "Scan",
    "theano.scalar": """upcast identity Identity Composite float32 float64 int64 Scalar
        UnaryScalarOp BinaryScalarOp upgrade_to_float add mul Add Mul get_scalar_type as_scalar""",
    "theano.compile": """SharedVariable Mode function shared builders mode ops io pfunc debugmode
        DebugMode MonitorMode FAST_RUN FAST_COMPILE optdb
        predefined_modes
        SymbolicInput SymbolicOutput UnusedInputError ViewOp DeepCopyOp
        Rebroadcast OpFromGraph FunctionMaker Function get_default_mode get_mode register_mode
        sharedvalue function_module nanguardmode monitormode """,
    "theano.compile.mode": "get_default_mode get_mode Mode register_mode FAST_RUN FAST_COMPILE",
    "theano.compile.debugmode": """DebugMode DebugModeError BadThunkOutput BadOptimization
        BadDestroyMap BadViewMap StochasticOrder InvalidValueError""",
    "theano.compile.nanguardmode": "NanGuardMode",
    "theano.compile.monitormode": "MonitorMode ",
    "theano.compile.sharedvalue": "SharedVariable shared generic",
    "theano.compile.pfunc": " Param",
    "theano.compile.io": "In Out SymbolicInput SymbolicOutput",
    "theano.gof": """Variable Constant Apply Op Type graph opt toolbox utils fg op type
        is_same_graph
        FunctionGraph InconsistencyError Optimizer LocalOptimizer
        local_optimizer PatternSub OpSub OpRemove EquilibriumOptimizer TopoOptimizer SeqOptimizer
        MergeOptimizer EquilibriumDB SequenceDB Query ReplaceValidate Feature History NodeFinder
        Generic generic MethodNotDefined object2 hashtype   """,
    "theano.gof.graph": """inputs ancestors variables ops orphans variables_and_orphans
        list_of_nodes stack_search io_toposort general_toposort is_in_ancestors view_roots clone
        clone_get_equiv is_same_graph equal_computations as_string io_connection_pattern""",
    "theano.gof.utils": "MethodNotDefined flatten uniq memoize hash_from_code object2 undef",
    "theano.gof.toolbox": "Feature ReplaceValidate History NodeFinder PrintListener Validator",
    "theano.gof.opt": """Optimizer LocalOptimizer local_optimizer optimizer PatternSub OpSub
        OpRemove in2out out2in MergeOptimizer EquilibriumOptimizer copy_stack_trace""",
    "theano.compat": "OrderedDict",
    "theano.compat.python2x": "OrderedDict",
    "theano.updates": "OrderedUpdates",
    "theano.raise_op": "Raise",
    "theano.misc.pkl_utils": "dump load StripPickler",
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
        csm_properties CSC CSR CSM sp_sum basic""",
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
