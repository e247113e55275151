# One compiled function, as an object to call.


cdef int replace_by_copy(bt_array *slot, PyObject **held) except -1:
    """Put a copy of an array in its place."""
    copy = array_copy(held[0])
    Py_INCREF(copy)
    Py_XDECREF(held[0])
    held[0] = <PyObject *>copy
    describe(held[0], slot)
    return 0


@cython.final
cdef class Program:
    """A compiled function with its arguments, state and outputs.

    Parameters
    ----------
    entry
        Address of ``bitale_main``.
    keep_alive
        Object that keeps the code loaded.
    arguments
        One `Argument` for each explicit input.
    outputs
        (dtype, shape) of each result that the code delivers; shape as for `Argument`.
    shared
        (container, Argument) for each container whose attribute ``data`` is read after the
        explicit inputs. The array must be C-contiguous and of exactly that type.
    constants
        Arrays passed after those; of an object array of rank 0 the address of what it holds.
    updates
        (index of a container, index of an output), applied together after a call that
        succeeded; None for the output: the code writes into the container's array.
    callbacks
        The `Callback` objects that the code calls by index.
    returned
        How many of the outputs, the first ones, a call returns. By default those that are not
        of an update.
    on_error
        Called as ``on_error(args, status)`` when the code reports an error; expected to raise.
    single
        Return the only output instead of a list.
    uses_blas
        Whether the code calls BLAS, which then has one thread for as long.
    profile
        A contiguous array of int64 to which the code of a profiled function adds what it took.
    name
        For error messages.

    Notes
    -----
    A call takes the ``lock`` of all containers in the order of their ``number``, refers to their
    arrays, gives back the locks of those that it does not update, and the others when the updates
    are done; the byte ``updating`` is 1 meanwhile. Where it is 0 in all, there is no update to wait
    for, and what is only read needs no lock as long as the GIL is held. An array that anybody else
    refers to is copied before it is written in place.
    """

    cdef entry_point entry
    cdef readonly object keep_alive
    cdef readonly tuple arguments
    cdef readonly tuple containers
    cdef readonly tuple constants
    cdef readonly tuple objects  # the constants of which the code has the address
    cdef readonly tuple outputs
    cdef readonly tuple updates
    cdef readonly tuple callbacks
    cdef readonly Py_ssize_t returned
    cdef readonly bint single
    cdef readonly bint uses_blas
    cdef readonly object profile
    cdef int64_t *costs  # where ``profile`` lies
    cdef public object on_error
    cdef readonly object name
    cdef tuple shared_types
    cdef tuple written_in_place  # indices of containers
    cdef tuple acquire, release  # of the containers' locks, in the order that all programs take
    cdef tuple flags  # the bytes ``updating`` of the containers, in that order
    cdef bytes kept  # for each lock, whether it is of an updated container
    cdef Py_ssize_t n_explicit, n_shared, n_inputs, n_outputs

    def __init__(
        self,
        entry,
        keep_alive,
        *,
        arguments=(),
        outputs=(),
        shared=(),
        constants=(),
        updates=(),
        callbacks=(),
        returned=None,
        on_error=None,
        single=False,
        uses_blas=False,
        profile=None,
        name="compiled function",
    ):
        if not entry:
            raise ValueError("the address of the entry point is 0")
        self.entry = <entry_point><void *><uintptr_t>entry
        self.keep_alive = keep_alive
        self.name = name
        self.on_error = on_error
        self.arguments = tuple([<Argument?>a for a in arguments])
        self.containers = tuple([container for container, _ in shared])
        self.shared_types = tuple([<Argument?>kind for _, kind in shared])
        self.constants = tuple(
            [np.array(id(c[()]), "int64") if c.dtype.hasobject
             else np.require(c, requirements=["C", "A", "E"]) for c in constants]
        )
        self.objects = tuple([c for c in constants if c.dtype.hasobject])
        self.outputs = tuple([Argument(dtype, shape) for dtype, shape in outputs])
        self.callbacks = tuple([<Callback?>c for c in callbacks])
        self.updates = tuple([(int(c), None if o is None else int(o)) for c, o in updates])
        self.written_in_place = tuple([c for c, o in self.updates if o is None])
        delivered = len(self.outputs) - (len(self.updates) - len(self.written_in_place))
        self.returned = delivered if returned is None else returned
        self.single = single
        self.uses_blas = uses_blas
        self.profile = profile
        self.costs = NULL
        if profile is not None:
            self.costs = <int64_t *>array_data(<PyObject *>(<cnp.ndarray?>profile))
        self.n_explicit = len(self.arguments)
        self.n_shared = len(self.containers)
        self.n_inputs = self.n_explicit + self.n_shared + len(self.constants)
        self.n_outputs = len(self.outputs)
        self.check_indices()
        targets = {c for c, _ in self.updates}
        order = sorted(range(self.n_shared), key=lambda k: self.containers[k].number)
        self.acquire = tuple([self.containers[k].lock.acquire for k in order])
        self.release = tuple([self.containers[k].lock.release for k in order])
        self.kept = bytes([k in targets for k in order])
        self.flags = tuple([<bytearray?>self.containers[k].updating for k in order])

    def __repr__(self):
        return (
            f"<Program {self.name!r}: {self.n_explicit} arguments, {self.n_shared} shared, "
            f"{self.returned} outputs>"
        )

    cdef int check_indices(self) except -1:
        if not 0 <= self.returned <= self.n_outputs:
            raise ValueError(f"returned={self.returned}, with {self.n_outputs} outputs")
        if self.single and self.returned != 1:
            raise ValueError(f"single=True, but {self.returned} outputs are returned")
        for container, output in self.updates:
            if not 0 <= container < self.n_shared:
                raise ValueError(f"update of container {container} of {self.n_shared}")
            if output is not None and not 0 <= output < self.n_outputs:
                raise ValueError(f"update from output {output} of {self.n_outputs}")
        return 0

    def __call__(self, tuple args not None):
        """Run the code on the explicit inputs.

        Returns
        -------
        list of ndarray
            The returned outputs, or the only one if ``single``.

        Raises
        ------
        TypeError
            For a wrong number of arguments, or what an argument's filter raises.
        MemoryError, RuntimeError
            For what the code reports, if ``on_error`` did not raise.
        """
        cdef int64_t status = 0
        cdef PyObject *error = NULL
        result = self.run(args, &status, &error)
        if result is None:
            self.fail(args, status, error)
        return result

    cdef object run(self, tuple args, int64_t *status, PyObject **error):
        """Return the outputs; or None, with what went wrong in status and error."""
        cdef bt_array stack_inputs[STACK_INPUTS]
        cdef double stack_scalars[STACK_INPUTS]
        cdef PyObject *stack_held[STACK_INPUTS]
        cdef bt_result stack_results[STACK_OUTPUTS]
        cdef bt_array *inputs = stack_inputs
        cdef double *scalars = stack_scalars
        cdef PyObject **held = stack_held
        cdef bt_result *results = stack_results
        cdef void *extra = NULL
        cdef Call call
        cdef pause_call *outer
        cdef Py_ssize_t n_held = 0, i
        cdef bint is_updating = False, has_copies
        if PyTuple_GET_SIZE(<PyObject *>args) != self.n_explicit:
            raise TypeError(
                f"{self.name} takes {self.n_explicit} arguments, got {len(args)}"
            )
        if self.n_inputs > STACK_INPUTS or self.n_outputs > STACK_OUTPUTS:
            extra = malloc(
                self.n_inputs * (sizeof(bt_array) + sizeof(double) + sizeof(PyObject *))
                + self.n_outputs * sizeof(bt_result)
            )
            if extra == NULL:
                raise MemoryError()
            results = <bt_result *>extra
            inputs = <bt_array *>(results + self.n_outputs)
            scalars = <double *>(inputs + self.n_inputs)
            held = <PyObject **>(scalars + self.n_inputs)
        for i in range(self.n_outputs):
            results[i].data = NULL
        call.program = <PyObject *>self
        call.error = NULL
        call.objects = NULL
        try:
            # Arguments may run code of the caller's: before any lock is taken.
            self.gather(args, inputs, held, scalars, &n_held)
            has_copies = self.n_shared and self.take_state(
                inputs, held, scalars, &n_held, &is_updating
            )
            with nogil:
                if self.uses_blas:
                    blas_enter()
                outer = pause_enter(&call.pause)
                call.pause.shown.profile = self.costs
                status[0] = self.entry(&runtime, &call, inputs, results)
                pause_leave(outer)
                if self.uses_blas:
                    blas_leave()
            if status[0] != 0 or call.error != NULL:
                error[0] = call.error
                return None
            if has_copies:
                self.keep_written(held)
            return self.deliver(results)
        finally:
            if is_updating:
                self.end_updates()
            for i in range(self.n_outputs):
                if results[i].data != NULL:
                    pool_release(results[i].data)
            for i in range(n_held):
                Py_XDECREF(held[i])
            Py_XDECREF(call.objects)
            if extra != NULL:
                free(extra)

    cdef int gather(
        self, tuple args, bt_array *inputs, PyObject **held, double *scalars, Py_ssize_t *n_held
    ) except -1:
        """Describe arguments and constants, holding a reference to each array."""
        cdef Py_ssize_t i, k
        for i in range(self.n_explicit):
            (<Argument>PyTuple_GET_ITEM(<PyObject *>self.arguments, i)).load(
                PyTuple_GET_ITEM(<PyObject *>args, i), &inputs[i], &held[i], &scalars[i]
            )
            n_held[0] += 1
        for i in range(PyTuple_GET_SIZE(<PyObject *>self.constants)):
            k = self.n_explicit + self.n_shared + i
            describe(PyTuple_GET_ITEM(<PyObject *>self.constants, i), &inputs[k])
        return 0

    cdef int take_state(
        self, bt_array *inputs, PyObject **held, double *scalars, Py_ssize_t *n_held,
        bint *is_updating,
    ) except -1:
        """Describe the shared arrays, holding a reference to each, and the locks of the updated.

        Returns 1 if arrays that are written in place are copies.
        """
        cdef Py_ssize_t i, k
        cdef int has_copies = 0
        for i in range(self.n_shared):
            if self.containers[i].data is None:
                self.containers[i].read()  # which fetches what lies on a device
        self.lock_state()
        try:
            for i in range(self.n_shared):
                k = self.n_explicit + i
                self.load_shared(i, &inputs[k], &held[k], &scalars[k])
                n_held[0] += 1
            if self.written_in_place:
                has_copies = self.separate(inputs, held)
        except BaseException:
            self.unlock(self.n_shared, True)
            raise
        if self.updates:
            for i in range(self.n_shared):
                if self.kept[i]:
                    self.flag(i)[0] = 1
            is_updating[0] = True
        return has_copies

    cdef inline char *flag(self, Py_ssize_t i) noexcept:
        return PyByteArray_AS_STRING(PyTuple_GET_ITEM(<PyObject *>self.flags, i))

    cdef bint is_busy(self) noexcept:
        """Say whether a call that updates one of the containers runs."""
        cdef Py_ssize_t i
        for i in range(self.n_shared):
            if self.flag(i)[0]:
                return True
        return False

    cdef int lock_state(self) except -1:
        """Take the locks of what is updated, when no update of any container is under way.

        From the return on the GIL is held, until the caller has referred to all arrays.
        """
        cdef Py_ssize_t i
        if not self.is_busy():
            if not self.updates:
                return 0
            self.lock(False)
            if not self.is_busy():  # as it was, unless another thread came between
                return 0
            self.unlock(self.n_shared, True)
        self.lock(True)
        for i in range(self.n_shared):
            if self.kept[i] and self.flag(i)[0]:
                self.unlock(self.n_shared, False)
                self.unlock(self.n_shared, True)
                raise RuntimeError(nested_update(self.name))
        self.unlock(self.n_shared, False)
        return 0

    cdef int lock(self, bint all_of_them) except -1:
        """Acquire the locks of what is updated, or of all; if interrupted, none."""
        cdef Py_ssize_t i = 0
        try:
            for i in range(self.n_shared):
                if all_of_them or self.kept[i]:
                    (<object>PyTuple_GET_ITEM(<PyObject *>self.acquire, i))()
        except BaseException:
            if all_of_them:
                self.unlock(i, False)
            self.unlock(i, True)
            raise
        return 0

    cdef int unlock(self, Py_ssize_t count, bint kept) except -1:
        """Release those of the first ``count`` locks that are of updated containers, or are not."""
        cdef Py_ssize_t i
        for i in range(count - 1, -1, -1):
            if <bint>self.kept[i] == kept:
                (<object>PyTuple_GET_ITEM(<PyObject *>self.release, i))()
        return 0

    cdef int end_updates(self) except -1:
        cdef Py_ssize_t i
        for i in range(self.n_shared):
            if self.kept[i]:
                self.flag(i)[0] = 0
        return self.unlock(self.n_shared, True)

    cdef int load_shared(
        self, Py_ssize_t i, bt_array *slot, PyObject **held, double *scalar
    ) except -1:
        cdef Argument kind = <Argument>PyTuple_GET_ITEM(<PyObject *>self.shared_types, i)
        array = self.containers[i].data
        if array is None:
            array = self.containers[i].home()
        if kind.is_object:
            return kind.load_object(array, slot, held, scalar)
        if not kind.is_exact(<PyObject *>array) or not array_is_carray(<PyObject *>array):
            raise TypeError(
                f"{self.name}: the shared variable {i} was changed to something else: "
                + kind.complaint(array)
                + ", C-contiguous and aligned"
            )
        describe(<PyObject *>array, slot)
        Py_INCREF(array)
        held[0] = <PyObject *>array
        return 0

    cdef int separate(self, bt_array *inputs, PyObject **held) except -1:
        """Copy what the code must not see change under it, or must not write into.

        Returns 1 if arrays that it writes into are copies.
        """
        cdef Py_ssize_t i, j, k
        cdef int has_copies = 0
        for j in range(PyTuple_GET_SIZE(<PyObject *>self.written_in_place)):
            k = self.n_explicit + <Py_ssize_t>self.written_in_place[j]
            # Two refer to it when nobody else does: the container and this call.
            if not array_is_writeable(held[k]) or Py_REFCNT(held[k]) > 2:
                replace_by_copy(&inputs[k], &held[k])
                has_copies = 1
            for i in range(self.n_explicit):
                if (<Argument>PyTuple_GET_ITEM(<PyObject *>self.arguments, i)).is_object:
                    continue
                if held[i] != NULL and array_meets(held[i], held[k]):
                    replace_by_copy(&inputs[i], &held[i])
        return has_copies

    cdef int keep_written(self, PyObject **held) except -1:
        """Let the containers have the copies that were written in the place of their arrays."""
        cdef Py_ssize_t j, k
        for j in range(PyTuple_GET_SIZE(<PyObject *>self.written_in_place)):
            k = <Py_ssize_t>self.written_in_place[j]
            container = self.containers[k]
            if <PyObject *>container.data != held[self.n_explicit + k]:
                container.data = <object>held[self.n_explicit + k]
        return 0

    cdef int fail(self, tuple args, int64_t status, PyObject *raised) except -1:
        """Raise what the callback raised, or what describes the status."""
        if raised != NULL:
            error = <object>raised
            Py_XDECREF(raised)
            raise error
        if self.on_error is not None:
            self.on_error(args, status)
        node = status >> 8
        if status & 0xFF == BT_OUT_OF_MEMORY:
            raise MemoryError(f"{self.name}: out of memory in node {node}")
        raise RuntimeError(f"{self.name}: node {node} failed with code {status & 0xFF}")

    cdef object deliver(self, bt_result *results):
        """Turn results into arrays, apply the updates, return the outputs."""
        cdef Py_ssize_t i
        if self.single and self.n_outputs == 1 and not self.updates:
            return self.take(0, results)
        cdef list arrays = [self.take(i, &results[i]) for i in range(self.n_outputs)]
        if self.updates:
            self.update(arrays)
        if self.single:
            return arrays[0]
        if self.returned < self.n_outputs:
            return arrays[: self.returned]
        return arrays

    cdef object take(self, Py_ssize_t i, bt_result *result):
        """Make the array of one result; its buffer then belongs to the array."""
        cdef Argument kind = <Argument>PyTuple_GET_ITEM(<PyObject *>self.outputs, i)
        cdef Buffer buffer
        if kind.is_object:
            return <object><PyObject *><intptr_t>(<int64_t *>result.value)[0]
        if kind.ndim == 0:
            array = array_new(<PyObject *>kind.dtype, 0, NULL, NULL, NULL, 0)
            memcpy(
                array_data(<PyObject *>array),
                result.value if result.data == NULL else result.data,
                kind.item_mask + 1,
            )
            return array
        if result.data == NULL:
            raise RuntimeError(f"{self.name}: the code delivered nothing for output {i}")
        array = array_new(
            <PyObject *>kind.dtype, kind.ndim, result.shape, NULL, result.data, NPY_ARRAY_CARRAY
        )
        buffer = Buffer.__new__(Buffer)
        buffer.data = result.data
        result.data = NULL
        cnp.set_array_base(array, buffer)
        return array

    cdef int update(self, list arrays) except -1:
        values = []
        for container, output in self.updates:
            if output is None:
                continue
            value = arrays[output]
            # A returned array is the caller's to change.
            is_shown = output < self.returned and isinstance(value, np.ndarray)
            values.append((self.containers[container], value.copy() if is_shown else value))
        for container, value in values:
            container.data = value
        return 0
