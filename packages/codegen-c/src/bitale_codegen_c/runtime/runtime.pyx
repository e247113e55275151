# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, embedsignature=False, binding=True
"""Calling compiled functions: arguments, buffers, outputs, callbacks.

Everything that belongs to one call lives on the C stack (or in one allocation, when a function
has many inputs), so any number of threads can be inside one Program at the same time.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals, PyErr_NoMemory
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.object cimport PyObject
from cpython.pythread cimport PyThread_get_thread_ident
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.stdint cimport int32_t, int64_t, intptr_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cimport numpy as cnp

import os

import numpy as np
from bitale_graph.extend import nested_update

cnp.import_array()


cdef extern from "threads.h" nogil:
    ctypedef void (*team_task)(void *, int64_t) noexcept nogil
    void team_start()
    void team_run(team_task task, void *context, int64_t parts, int threads)


cdef extern from "bitale_runtime.h" nogil:
    enum: BITALE_ABI
    enum: BT_MAX_NDIM
    enum: BT_OUT_OF_MEMORY
    enum: BT_CALLBACK_RAISED
    ctypedef struct bt_array:
        void *data
        const int64_t *shape
        const int64_t *strides
    ctypedef struct bt_result:
        void *data
        double value[2]
        int64_t shape[BT_MAX_NDIM]
    ctypedef struct bt_call:
        int is_stopped, is_held
        int64_t *profile
    ctypedef struct bt_pace:
        int64_t steps, last
    ctypedef struct bt_runtime:
        void *(*alloc)(size_t) noexcept nogil
        void (*release)(void *) noexcept nogil
        int (*callback)(void *, int, const bt_array *, bt_result *) noexcept nogil
        void **blas
        int threads
        int blas_parts
        void (*share)(team_task, void *, int64_t) noexcept nogil
        int (*is_stopped)() noexcept nogil
        void (*keep)(void *, int, int64_t, const char *, const bt_array *) noexcept nogil
        int64_t (*pause)(bt_pace *) noexcept nogil
        void (*copy)(
            const bt_runtime *, char *, const int64_t *, const char *, const int64_t *,
            const int64_t *, int, int64_t,
        ) noexcept nogil


cdef extern from "copy.h" nogil:
    void copy_array(
        const bt_runtime *rt, char *to, const int64_t *ts, const char *source, const int64_t *fs,
        const int64_t *n, int rank, int64_t size,
    ) noexcept nogil


cdef extern from "pause.h" nogil:
    ctypedef struct pause_call:
        bt_call shown
    pause_call *pause_enter(pause_call *call)
    void pause_leave(pause_call *outer)
    int pause_is_stopped() noexcept nogil
    int64_t pause_steps(bt_pace *pace) noexcept nogil
    void pause_start(int (*visit)(pause_call *) noexcept nogil)


cdef extern from "pool.h" nogil:
    ctypedef struct pool_counts:
        size_t limit, kept_bytes, kept_blocks, live_bytes, live_blocks, reused, fresh
    void *pool_alloc(size_t bytes)
    void pool_release(void *data)
    void pool_set_limit(size_t bytes)
    void pool_trim(size_t keep)
    void pool_start(size_t limit)
    size_t pool_refused
    pool_counts pool_read_counts()


cdef extern from "reference_blas.h" nogil:
    enum: BLAS_COUNT
    void *blas_table[BLAS_COUNT]
    void blas_table_reset()
    bint blas_is_own()


cdef extern from "blas_threads.h" nogil:
    int (*blas_get_threads)() noexcept nogil
    void (*blas_set_threads)(int) noexcept nogil
    int blas_change_threads(int threads)
    void blas_exchange(int (*get_threads)() noexcept nogil, void (*set_threads)(int) noexcept nogil)
    void blas_enter()
    void blas_leave()
    void blas_threads_start()


cdef extern from "arrays.h":
    enum: STACK_INPUTS
    enum: STACK_OUTPUTS
    enum: NPY_ARRAY_CARRAY
    enum: NPY_ARRAY_ALIGNED
    bint array_is_exact(PyObject *)
    bint array_is_behaved(PyObject *)
    bint array_is_carray(PyObject *)
    bint array_is_writeable(PyObject *)
    bint array_meets(PyObject *, PyObject *)
    int array_ndim(PyObject *)
    int array_type(PyObject *)
    void *array_data(PyObject *)
    cnp.npy_intp *array_shape(PyObject *)
    cnp.npy_intp *array_strides(PyObject *)
    size_t array_bytes(PyObject *)
    object array_new(
        PyObject *descr, int ndim, const int64_t *shape, const int64_t *strides, void *data,
        int flags
    )
    object array_copy(PyObject *)


cdef extern from "numpy_memory.h":
    int memory_start() except -1
    int memory_enter() except -1
    void memory_leave()
    void *memory_take(PyObject *)


cdef extern from "Python.h":
    PyObject *PyTuple_GET_ITEM(PyObject *, Py_ssize_t)
    char *PyByteArray_AS_STRING(PyObject *)
    Py_ssize_t PyTuple_GET_SIZE(PyObject *)
    long long PyLong_AsLongLongAndOverflow(PyObject *, int *) except? -1
    Py_ssize_t Py_REFCNT(PyObject *)


ctypedef int64_t (*entry_point)(
    const bt_runtime *, void *, const bt_array *, bt_result *
) noexcept nogil

ABI = BITALE_ABI

DTYPES = tuple(
    np.dtype(name)
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
)


cdef tuple parse_type(object dtype, object shape):
    """Return the NumPy dtype and the static shape (None where a length is not known)."""
    dtype = np.dtype(dtype)
    if dtype.hasobject and shape == ():
        return dtype, shape
    if dtype not in DTYPES or not dtype.isnative:
        raise TypeError(
            f"dtype {dtype!r} cannot be passed to compiled code; "
            f"choose one of {', '.join(d.name for d in DTYPES)}"
        )
    if isinstance(shape, int):
        shape = (None,) * shape
    shape = tuple(None if n is None else int(n) for n in shape)
    if len(shape) > BT_MAX_NDIM:
        raise TypeError(f"{len(shape)} axes: compiled code passes at most {BT_MAX_NDIM}")
    return dtype, shape


# ---------------------------------------------------------------------------------------------
# Buffers


@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class Buffer:
    """The owner of one buffer of the pool: the base of the array that shows it."""

    cdef void *data

    def __dealloc__(self):
        if self.data != NULL:
            pool_release(self.data)


def set_pool_limit(bytes: int) -> None:
    """Set how many bytes the pool keeps for reuse, and free what is over it."""
    if bytes < 0:
        raise ValueError(f"the limit of the pool is a number of bytes, at least 0: {bytes}")
    pool_set_limit(<size_t>bytes)


def pool_statistics() -> dict:
    """Return the counters of the pool."""
    return pool_read_counts()


def refused_bytes() -> int:
    """Return how many bytes this thread asked for when there was last no memory for them."""
    return pool_refused


def clear_pool() -> None:
    """Give every unused buffer back to the system."""
    pool_trim(0)


cdef size_t default_pool_limit():
    cdef size_t limit = <size_t>1 << 30
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return limit
    return min(limit, <size_t>(memory // 4))


# ---------------------------------------------------------------------------------------------
# The runtime that compiled code sees


cdef bt_runtime runtime


cdef void split_products():
    """Split products among threads if BLAS can be told to compute each part on one thread."""
    cdef bint is_single = blas_set_threads != NULL or blas_is_own()
    runtime.blas_parts = runtime.threads if is_single else 1


cdef void share(team_task task, void *context, int64_t parts) noexcept nogil:
    team_run(task, context, parts, runtime.threads)


cdef int run_callback(void *call, int index, const bt_array *ins, bt_result *outs) noexcept nogil:
    return call_python(<Call *>call, index, ins, outs)


pool_start(default_pool_limit())
memory_start()
blas_table_reset()
runtime.alloc = pool_alloc
runtime.release = pool_release
runtime.callback = run_callback
runtime.blas = blas_table
runtime.threads = 1
runtime.blas_parts = 1
runtime.share = share
runtime.is_stopped = pause_is_stopped
runtime.pause = pause_steps
runtime.copy = copy_array
team_start()
blas_threads_start()


def set_threads(threads: int) -> None:
    """Set how many threads the loops and products of compiled functions use."""
    if threads < 1:
        raise ValueError(f"the number of threads is at least 1: {threads}")
    runtime.threads = threads
    split_products()


def get_threads() -> int:
    """Return how many threads the loops of compiled functions use."""
    return runtime.threads


def own_blas_addresses() -> list:
    """Return the addresses of the plain loops, in the order of the BLAS table."""
    cdef void *kept[BLAS_COUNT]
    memcpy(kept, blas_table, sizeof(kept))
    blas_table_reset()
    addresses = [<uintptr_t>blas_table[i] for i in range(BLAS_COUNT)]
    memcpy(blas_table, kept, sizeof(kept))
    return addresses


def blas_addresses() -> list:
    """Return the addresses in the BLAS table."""
    return [<uintptr_t>blas_table[i] for i in range(BLAS_COUNT)]


def set_blas_addresses(addresses: list, get_threads: int = 0, set_threads: int = 0) -> None:
    """Fill the BLAS table; the other two are the addresses of the library's thread settings."""
    if len(addresses) != BLAS_COUNT or not all(addresses):
        raise ValueError(f"the BLAS table has {BLAS_COUNT} entries, none of them 0: {addresses!r}")
    for i in range(BLAS_COUNT):
        blas_table[i] = <void *><uintptr_t>addresses[i]
    blas_exchange(
        <int (*)() noexcept nogil><void *><uintptr_t>get_threads,
        <void (*)(int) noexcept nogil><void *><uintptr_t>set_threads,
    )
    split_products()


def set_blas_threads(threads: int) -> int:
    """Set the number of threads of the BLAS in use; return the number before."""
    return blas_change_threads(threads)


include "argument.pxi"
include "callback.pxi"
include "program.pxi"
