/* The memory of arrays that Python code makes for a compiled function: buffers of the pool, which the function takes
 * over from an array that nobody else refers to. */
#ifndef BITALE_NUMPY_MEMORY_H
#define BITALE_NUMPY_MEMORY_H

#include <Python.h>
#include <numpy/arrayobject.h>
#include <string.h>

#include "pool.h"

/* numpy.lib.tracemalloc_domain */
#define MEMORY_TRACE_DOMAIN 389047

static void *memory_malloc(void *context, size_t bytes) {
    (void)context;
    return pool_alloc(bytes);
}

static void *memory_calloc(void *context, size_t count, size_t size) {
    (void)context;
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *data = pool_alloc(bytes);
    if (data) memset(data, 0, bytes);
    return data;
}

/* What an array has in the place of the memory that was taken from it. */
static _Alignas(64) char memory_taken[64];

static void memory_free(void *context, void *data, size_t bytes) {
    (void)context, (void)bytes;
    if (data != memory_taken) pool_release(data);
}

static void *memory_realloc(void *context, void *data, size_t bytes) {
    (void)context;
    size_t had = data ? pool_block_of(data)->capacity : 0;
    if (data && bytes <= had && bytes >= had / 2) return data;
    void *other = pool_alloc(bytes);
    if (other && data) {
        memcpy(other, data, had < bytes ? had : bytes);
        pool_release(data);
    }
    return other;
}

static PyDataMem_Handler memory_handler = {
    "bitale_pool", 1, {NULL, memory_malloc, memory_calloc, memory_realloc, memory_free}};
static PyObject *memory_capsule;

static int memory_start(void) {
    memory_capsule = PyCapsule_New(&memory_handler, "mem_handler", NULL);
    return memory_capsule ? 0 : -1;
}

/* Let new arrays of this thread have memory of the pool. 1: until `memory_leave`; 0: it was so, or a handler that
 * somebody chose stays; -1: an error. */
static int memory_enter(void) {
    PyObject *now = PyDataMem_GetHandler();
    if (!now) return -1;
    int is_default = now == PyDataMem_DefaultHandler;
    Py_DECREF(now);
    if (!is_default) return 0;
    PyObject *before = PyDataMem_SetHandler(memory_capsule);
    if (!before) return -1;
    Py_DECREF(before);
    return 1;
}

/* Ends what `memory_enter` began; an exception that is set stays. */
static void memory_leave(void) {
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *ours = PyDataMem_SetHandler(PyDataMem_DefaultHandler);
    if (!ours) PyErr_WriteUnraisable(NULL);
    Py_XDECREF(ours);
    PyErr_Restore(type, value, trace);
}

/* The buffer of an array to which the caller has the only reference; the array is then fit only to be dropped, at
 * once. NULL: the memory is not of the pool, or others may see it, or it lies in another order. */
static void *memory_take(PyObject *array) {
    if (!PyArray_CheckExact(array) || Py_REFCNT(array) != 1 || !PyArray_ISCARRAY((PyArrayObject *)array)) return NULL;
    PyObject *owner = array, *base = PyArray_BASE((PyArrayObject *)array);
    if (base) {
        /* A view of all of an array that nothing else shows. */
        if (!PyArray_CheckExact(base) || Py_REFCNT(base) != 1) return NULL;
        owner = base;
    }
    PyArrayObject *own = (PyArrayObject *)owner;
    void *data = PyArray_DATA((PyArrayObject *)array);
    if (!PyArray_CHKFLAGS(own, NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE) || PyArray_BASE(own) != NULL) return NULL;
    if (PyArray_HANDLER(own) != memory_capsule || PyArray_DATA(own) != data) return NULL;
    if (PyArray_NBYTES(own) != PyArray_NBYTES((PyArrayObject *)array)) return NULL;
    ((PyArrayObject_fields *)own)->data = memory_taken;
    PyTraceMalloc_Untrack(MEMORY_TRACE_DOMAIN, (uintptr_t)data);
    return data;
}

#endif
