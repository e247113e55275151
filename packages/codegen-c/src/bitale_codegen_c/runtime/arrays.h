/* Fields of an ndarray through a plain PyObject *, without Cython's reference counting. */
#ifndef BITALE_ARRAYS_H
#define BITALE_ARRAYS_H

#include <Python.h>
#include <numpy/arrayobject.h>

/* What one call keeps on the stack; functions with more get one allocation per call. */
enum { STACK_INPUTS = 32, STACK_OUTPUTS = 8 };

#define ARRAY(object) ((PyArrayObject *)(object))

static inline int array_is_exact(PyObject *a) { return PyArray_CheckExact(a); }
static inline int array_is_behaved(PyObject *a) { return PyArray_ISBEHAVED_RO(ARRAY(a)); }
static inline int array_is_carray(PyObject *a) { return PyArray_ISCARRAY_RO(ARRAY(a)); }
static inline int array_ndim(PyObject *a) { return PyArray_NDIM(ARRAY(a)); }
static inline int array_type(PyObject *a) { return PyArray_TYPE(ARRAY(a)); }
static inline void *array_data(PyObject *a) { return PyArray_DATA(ARRAY(a)); }
static inline npy_intp *array_shape(PyObject *a) { return PyArray_DIMS(ARRAY(a)); }
static inline npy_intp *array_strides(PyObject *a) { return PyArray_STRIDES(ARRAY(a)); }
static inline size_t array_bytes(PyObject *a) { return (size_t)PyArray_NBYTES(ARRAY(a)); }

static inline int array_is_writeable(PyObject *a) { return PyArray_ISWRITEABLE(ARRAY(a)); }

/* Whether the bytes that a spans meet those of b, which is C-contiguous. */
static inline int array_meets(PyObject *a, PyObject *b) {
    char *low = array_data(a), *high = low + PyArray_ITEMSIZE(ARRAY(a)), *start = array_data(b);
    for (int i = 0; i < array_ndim(a); i++) {
        npy_intp length = array_shape(a)[i];
        if (length == 0) return 0;
        if (array_strides(a)[i] > 0)
            high += array_strides(a)[i] * (length - 1);
        else
            low += array_strides(a)[i] * (length - 1);
    }
    return low < start + array_bytes(b) && start < high;
}

/* A new array; takes no reference to descr away from the caller. */
static inline PyObject *array_new(PyObject *descr, int ndim, const int64_t *shape,
                                  const int64_t *strides, void *data, int flags) {
    Py_INCREF(descr);
    return PyArray_NewFromDescr(&PyArray_Type, (PyArray_Descr *)descr, ndim,
                                (const npy_intp *)shape, (const npy_intp *)strides, data, flags,
                                NULL);
}

static inline PyObject *array_copy(PyObject *a) {
    return PyArray_NewCopy(ARRAY(a), NPY_CORDER);
}

#endif
