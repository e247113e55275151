# Python code that compiled functions call.


cdef struct Call:
    pause_call pause  # first: compiled code looks into it
    PyObject *program
    PyObject *error  # the exception that a callback raised
    PyObject *objects  # a list of what callbacks made that is no array; NULL: nothing yet


@cython.final
cdef class Callback:
    """Python code that a compiled function calls.

    Parameters
    ----------
    function
        Called with one ndarray for each input; returns the sequence of its results.
    inputs, outputs
        (dtype, shape) of each, the shape as for `Argument`.
    borrow
        Pass arrays that show the caller's memory and are valid during the call only, read-only;
        a function that keeps one is an error. Otherwise the function gets copies of its own.
    """

    cdef readonly object function
    cdef readonly list inputs
    cdef readonly list outputs
    cdef readonly bint borrow

    def __init__(self, function, inputs, outputs, borrow=False):
        self.function = function
        self.inputs = [Argument(dtype, shape) for dtype, shape in inputs]
        self.outputs = [
            Argument(dtype, shape, name=f"result {i} of {function!r}")
            for i, (dtype, shape) in enumerate(outputs)
        ]
        self.borrow = borrow

    cdef int run(self, Call *call, const bt_array *ins, bt_result *outs) except -1:
        cdef Py_ssize_t i
        cdef tuple arrays = tuple(
            [show_array(<Argument>self.inputs[i], &ins[i], self.borrow)
             for i in range(len(self.inputs))]
        )
        cdef bint is_ours = memory_enter()
        try:
            self.run_on(arrays, call, outs)
        finally:
            if is_ours:
                memory_leave()
        return 0

    cdef int run_on(self, tuple arrays, Call *call, bt_result *outs) except -1:
        """Call the function, whose new arrays have memory of the pool, and take its results."""
        cdef Py_ssize_t i
        cdef bint is_ours
        cdef Argument kind
        results = self.function(*arrays)
        if self.borrow:
            self.check_borrowed(arrays, results)
        if len(results) != len(self.outputs):
            raise TypeError(
                f"{self.function!r} returned {len(results)} results, expected {len(self.outputs)}"
            )
        is_ours = type(results) is list and Py_REFCNT(<PyObject *>results) == 1
        for i in range(len(self.outputs)):
            value = results[i]
            if is_ours:
                # So that a result to which nobody refers has one reference, which is here.
                results[i] = None
            kind = <Argument>self.outputs[i]
            if kind.is_object:
                keep_object(call, value)
                (<int64_t *>outs[i].value)[0] = <intptr_t><PyObject *>value
                continue
            if not kind.is_exact(<PyObject *>value):
                value = kind.convert(value if isinstance(value, np.ndarray) else np.asarray(value))
            if not take_result(kind, <PyObject *>value, &outs[i]):
                store_result(kind, <PyObject *>value, &outs[i])
            value = None
        return 0

    cdef int check_borrowed(self, tuple arrays, object results) except -1:
        """Raise if an array is still referred to from outside the tuple and the results."""
        cdef Py_ssize_t i, allowed
        for i in range(len(arrays)):
            if (<Argument>self.inputs[i]).is_object:
                continue  # which is not lent
            array = arrays[i]
            allowed = 2  # the tuple and this variable
            for result in results:
                if result is array:
                    allowed += 1
                elif isinstance(result, np.ndarray) and result.base is array:
                    allowed += 1
            result = None
            if Py_REFCNT(<PyObject *>array) > allowed:
                raise RuntimeError(
                    f"{self.function!r} kept its input {i}, which is memory lent for the call; "
                    "keep a copy instead"
                )
        return 0


cdef object show_array(Argument kind, const bt_array *source, bint borrow):
    """Return the array that source describes; a copy unless borrow."""
    if kind.is_object:
        return <object><PyObject *><intptr_t>(<int64_t *>source.data)[0]
    array = array_new(
        <PyObject *>kind.dtype, kind.ndim, source.shape, source.strides, source.data,
        NPY_ARRAY_ALIGNED,
    )
    if borrow and kind.ndim > 0:
        return array
    return array_copy(<PyObject *>array)


cdef int keep_object(Call *call, object value) except -1:
    """Let a value live as long as the call."""
    if call.objects == NULL:
        made = []
        Py_INCREF(made)
        call.objects = <PyObject *>made
    (<list>call.objects).append(value)
    return 0


cdef bint take_result(Argument kind, PyObject *array, bt_result *target) noexcept:
    """Take the memory of an array over, if nobody else can see it and it is the pool's.

    The caller has the only reference to the array, and is to drop it next.
    """
    if kind.ndim == 0:
        return False
    target.data = memory_take(array)
    if target.data == NULL:
        return False
    memcpy(target.shape, array_shape(array), kind.ndim * sizeof(int64_t))
    return True


cdef int store_result(Argument kind, PyObject *array, bt_result *target) except -1:
    """Copy an array of any strides into a fresh buffer of the pool, in C order."""
    cdef size_t bytes = array_bytes(array)
    cdef int64_t strides[BT_MAX_NDIM]
    cdef int64_t stride = kind.item_mask + 1
    cdef int i
    target.data = NULL
    if kind.ndim == 0:
        memcpy(target.value, array_data(array), bytes)
        return 0
    target.data = pool_alloc(bytes)
    if target.data == NULL:
        raise MemoryError(f"no memory for {kind.name}: {bytes} bytes")
    memcpy(target.shape, array_shape(array), kind.ndim * sizeof(int64_t))
    for i in range(kind.ndim - 1, -1, -1):
        strides[i] = stride
        stride *= target.shape[i]
    copy_array(
        &runtime, <char *>target.data, strides, <const char *>array_data(array),
        <const int64_t *>array_strides(array), target.shape, kind.ndim, kind.item_mask + 1,
    )
    return 0


cdef int call_python(Call *call, int index, const bt_array *ins, bt_result *outs) noexcept with gil:
    cdef Program program = <Program>call.program
    cdef Callback callback = <Callback>program.callbacks[index]
    cdef Py_ssize_t i
    for i in range(len(callback.outputs)):
        outs[i].data = NULL
    if call.pause.shown.is_stopped:
        return 1
    try:
        callback.run(call, ins, outs)
        return 0
    except BaseException as error:
        for i in range(len(callback.outputs)):
            pool_release(outs[i].data)
            outs[i].data = NULL
        keep_error(call, error)
        return 1


cdef void keep_error(Call *call, error) noexcept:
    Py_INCREF(error)
    Py_XDECREF(call.error)
    call.error = <PyObject *>error


# What loops were given as they failed, by thread; taken by whoever words the error.
cdef dict kept_steps = {}


def take_kept_steps() -> list:
    """Return (node, step, arrays) for each loop around the last failure, and forget them."""
    return kept_steps.pop(PyThread_get_thread_ident(), [])


cdef void keep_step(
    Call *call, int loop, int64_t step, const char *types, const bt_array *inputs
) noexcept with gil:
    cdef list arrays = []
    cdef Py_ssize_t i
    if call.error != NULL:
        return
    try:
        kinds = types.decode().split()
        for i in range(len(kinds)):
            kind = Argument(np.dtype(kinds[i][0]), int(kinds[i][1:]))
            arrays.append(show_array(kind, &inputs[i], False))
        kept_steps.setdefault(PyThread_get_thread_ident(), []).append((loop, step, arrays))
    except Exception:
        pass  # no memory for the copies: the error is told without them


cdef void run_keep_step(
    void *call, int loop, int64_t step, const char *types, const bt_array *inputs
) noexcept nogil:
    keep_step(<Call *>call, loop, step, types, inputs)


runtime.keep = run_keep_step


cdef int visit_python(pause_call *call) noexcept with gil:
    """Let Python run the handlers of signals that came; 1 if one raised."""
    try:
        PyErr_CheckSignals()
    except BaseException as error:
        keep_error(<Call *>call, error)
        return 1
    return 0


pause_start(visit_python)
