# Inputs of compiled functions: checking, and the quick ways in.


cdef inline void describe(PyObject *array, bt_array *slot) noexcept:
    slot.data = array_data(array)
    slot.shape = <const int64_t *>array_shape(array)
    slot.strides = <const int64_t *>array_strides(array)


@cython.final
cdef class Argument:
    """One input of a compiled function.

    Parameters
    ----------
    dtype
        Data type; one of ``DTYPES``.
    shape
        Length of each axis, None where any length is allowed; or the number of axes.
    filter
        Called with a value that is not already an array of that type; returns an ndarray of the
        dtype and rank, or raises TypeError. None: such a value is an error.
    name
        For error messages.
    strict
        Whether the filter sees all but plain ndarrays, numbers too.

    Notes
    -----
    Of a value of the dtype ``object``, which is of any type, compiled code has the address.
    """

    cdef readonly object dtype
    cdef readonly tuple shape
    cdef readonly object filter
    cdef readonly object name
    cdef object scalar_type
    cdef int type_number
    cdef int ndim
    cdef readonly bint is_object
    cdef bint is_strict
    cdef bint takes_numbers
    cdef bint is_static
    cdef cnp.npy_intp item_mask
    cdef cnp.npy_intp lengths[BT_MAX_NDIM]

    def __init__(self, dtype, shape, filter=None, name=None, strict=False):
        self.dtype, self.shape = parse_type(dtype, shape)
        self.filter = filter
        self.name = name
        self.scalar_type = self.dtype.type
        self.type_number = self.dtype.num
        self.ndim = len(self.shape)
        self.is_object = self.dtype.hasobject
        self.is_strict = strict
        self.takes_numbers = self.ndim == 0 and not strict
        self.item_mask = self.dtype.itemsize - 1
        self.is_static = False
        for i, length in enumerate(self.shape):
            self.lengths[i] = -1 if length is None else length
            self.is_static |= length is not None

    def __repr__(self):
        return f"Argument({self.dtype.name!r}, {self.shape!r}, name={self.name!r})"

    cdef inline bint is_exact(self, PyObject *value) noexcept:
        """Say whether value is an ndarray that compiled code can read as it is."""
        cdef int i
        cdef cnp.npy_intp *dims
        cdef cnp.npy_intp *strides
        if (
            not array_is_exact(value)
            or array_type(value) != self.type_number
            or array_ndim(value) != self.ndim
            or not array_is_behaved(value)
        ):
            return False
        strides = array_strides(value)
        if self.is_static:
            dims = array_shape(value)
            for i in range(self.ndim):
                if self.lengths[i] >= 0 and dims[i] != self.lengths[i]:
                    return False
        for i in range(self.ndim):
            if strides[i] & self.item_mask:
                return False
        return True

    cdef inline bint load_scalar(self, PyObject *value, void *target) except -1:
        """Write a number to target if that loses nothing; return whether it was done."""
        cdef double number
        cdef long long integer
        cdef int overflow = 0
        if PyFloat_CheckExact(<object>value):
            number = PyFloat_AS_DOUBLE(<object>value)
            if self.type_number == cnp.NPY_DOUBLE:
                (<double *>target)[0] = number
                return True
            if self.type_number == cnp.NPY_FLOAT and <double><float>number == number:
                (<float *>target)[0] = <float>number
                return True
            return False
        if not PyLong_CheckExact(<object>value):
            if type(<object>value) is self.scalar_type and self.item_mask < 8:
                cnp.PyArray_ScalarAsCtype(<object>value, target)
                return True
            return False
        integer = PyLong_AsLongLongAndOverflow(value, &overflow)
        if overflow:
            return False
        if self.type_number == cnp.NPY_DOUBLE:
            if -(1LL << 53) <= integer <= (1LL << 53):
                (<double *>target)[0] = <double>integer
                return True
        elif self.type_number == cnp.NPY_FLOAT:
            if -(1 << 24) <= integer <= (1 << 24):
                (<float *>target)[0] = <float>integer
                return True
        elif self.type_number == cnp.NPY_INT64:
            (<int64_t *>target)[0] = integer
            return True
        elif self.type_number == cnp.NPY_INT32:
            if -(1LL << 31) <= integer < (1LL << 31):
                (<int32_t *>target)[0] = <int32_t>integer
                return True
        return False

    cdef int load(self, PyObject *value, bt_array *slot, PyObject **held, double *scalar) except -1:
        """Describe value in slot; what must stay alive goes to held, a Python number to scalar."""
        if self.is_object:
            return self.load_object(<object>value, slot, held, scalar)
        if self.takes_numbers and not array_is_exact(value) and self.load_scalar(value, scalar):
            slot.data = scalar
            slot.shape = NULL
            slot.strides = NULL
            held[0] = NULL
            return 0
        if self.is_exact(value):
            Py_INCREF(<object>value)
            held[0] = value
        else:
            array = self.convert(<object>value)
            Py_INCREF(array)
            held[0] = <PyObject *>array
            value = held[0]
        describe(value, slot)
        return 0

    cdef int load_object(
        self, object value, bt_array *slot, PyObject **held, double *scalar
    ) except -1:
        """The same for any object: its address goes to scalar."""
        if self.filter is not None:
            value = self.filter(value)
        Py_INCREF(value)
        held[0] = <PyObject *>value
        (<int64_t *>scalar)[0] = <intptr_t>held[0]
        slot.data = scalar
        slot.shape = NULL
        slot.strides = NULL
        return 0

    cdef object convert(self, object value):
        """Return value as an array that ``is_exact``, or raise TypeError."""
        # A masked array has a mask to lose: the filter says so.
        is_array = isinstance(value, np.ndarray) and not hasattr(value, "mask")
        if is_array and not self.is_strict and self.fits(value):
            result = value
        elif self.filter is None:
            raise TypeError(self.complaint(value))
        else:
            result = self.filter(value)
            if not isinstance(result, np.ndarray) or not self.fits(result):
                raise TypeError(self.complaint(result))
        if type(result) is not np.ndarray:
            result = np.asarray(result)
        if not self.is_exact(<PyObject *>result):
            # Unaligned, another name of the same dtype (long long), or strides between items.
            result = np.array(result, dtype=self.dtype, order="C", copy=True)
        return result

    cdef bint fits(self, object array):
        cdef int i
        if array.dtype != self.dtype or array.ndim != self.ndim:
            return False
        for i in range(self.ndim):
            if self.lengths[i] >= 0 and array.shape[i] != self.lengths[i]:
                return False
        return True

    cdef object complaint(self, object value):
        lengths = ", ".join("any" if n is None else str(n) for n in self.shape)
        if isinstance(value, np.ndarray):
            got = f"an array of dtype {value.dtype} and shape {value.shape}"
        else:
            got = f"{value!r} of type {type(value).__name__}"
        return (
            f"argument {self.name or '(unnamed)'}: got {got}; "
            f"expected an array of dtype {self.dtype} and shape ({lengths})"
        )

    def check(self, value):
        """Return ``value`` as the array that a call would read.

        Raises
        ------
        TypeError
            If the value has another type and there is no filter, or what the filter raises.
        """
        cdef double scalar
        cdef bt_array slot
        cdef PyObject *held
        self.load(<PyObject *>value, &slot, &held, &scalar)
        if held == NULL:
            result = np.empty((), self.dtype)
            memcpy(array_data(<PyObject *>result), &scalar, self.item_mask + 1)
        else:
            result = <object>held
            Py_XDECREF(held)
        return result
