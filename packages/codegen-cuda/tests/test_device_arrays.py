"""Arrays of a device as arguments, as results, and as the values of shared variables."""

import ctypes
import gc
import pickle
import threading

import numpy as np
import pytest
from bitale_codegen_cuda.base.errors import CudaError
from bitale_codegen_cuda.driver.commands import Launch
from bitale_codegen_cuda.driver.cuda_driver import CudaDriver
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.executor.device_array import DeviceArray
from bitale_codegen_cuda.executor.dlpack import Received
from bitale_codegen_cuda.executor.seen_array import SeenArray, seen_by
from bitale_graph import Mode, Out, function, shared
from bitale_graph import language as T
from bitale_graph.core.graph import Apply, Op

pytestmark = pytest.mark.usefixtures("needs_emulation")
EMULATED = Mode(device="emulated")
ROWS = np.arange(12.0).reshape(3, 4)


class Posing(EmulatedDriver):
    """An emulated device that says that it is a GPU, and takes notes of who is waited for."""

    def __init__(self, number=0):
        super().__init__(optimization="-O0")
        self.number, self.stream, self.awaited, self.synchronized = number, 77, [], 0

    @property
    def dlpack_device(self):
        return (2, self.number)

    def wait_for(self, stream):
        self.awaited.append(stream)

    def synchronize(self):
        self.synchronized += 1


class ByInterface:
    """An array of another library's, seen by ``__cuda_array_interface__``."""

    def __init__(self, array, **told):
        self.array = array
        self.__cuda_array_interface__ = {
            "shape": array.shape,
            "typestr": array.dtype.str,
            "data": (array.ctypes.data, True),
            "strides": array.strides,
            "version": 3,
            **told,
        }


class ByDlpack:
    """An array of another library's, handed over by DLPack."""

    def __init__(self, array, device=(2, 0), *, is_versioned=True, change=None):
        self.array, self.device = array, device
        self.is_versioned, self.change, self.streams = is_versioned, change, []

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, *, stream=None, **versions):
        if versions and not self.is_versioned:
            raise TypeError("unexpected keyword argument max_version")
        self.streams.append(stream)
        capsule = self.array.__dlpack__(**versions)
        if self.change is not None:
            self.change(tensor_of(capsule))
        return capsule


class ThroughHost:
    """An array of another device's, which its library can copy."""

    def __init__(self):
        told = {"shape": (3, 4), "typestr": "<f8", "data": (4096, False), "version": 3}
        self.__cuda_array_interface__ = told

    def get(self):
        return ROWS


def tensor_of(capsule):
    """The words of the DLTensor in a capsule: data, device, ndim and dtype, shape, ..."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    if "versioned" in repr(capsule):
        return (ctypes.c_uint8 * 48).from_address(pointer(capsule, b"dltensor_versioned") + 32)
    return (ctypes.c_uint8 * 48).from_address(pointer(capsule, b"dltensor"))


@pytest.fixture
def device(use_driver):
    return use_driver(Posing())


@pytest.fixture
def emulated(use_driver):
    return use_driver(EmulatedDriver(optimization="-O0"))


@pytest.fixture
def doubled():
    x = T.dmatrix("x")
    return lambda: function([x], x * 2, mode=EMULATED)


# Arguments


@pytest.mark.parametrize("is_versioned", [False, True])
@pytest.mark.parametrize("array", [ROWS, ROWS[:, ::2], ROWS.T, ROWS[1:, 1:], ROWS[:0]])
def test_dlpack_is_taken_without_a_copy(device, doubled, array, is_versioned):
    given = ByDlpack(array, is_versioned=is_versioned)
    f = doubled()
    for _ in range(3):
        np.testing.assert_array_equal(f(given), array * 2)
    assert device.counts.uploads == 0
    assert set(given.streams) == {77}
    assert device.synchronized == 3


def test_a_capsule_is_given_back_at_the_end_of_the_call(device, doubled):
    base = np.ones((2, 3))
    given = ByDlpack(base)
    count = ctypes.c_ssize_t.from_address(id(base))
    before = count.value
    doubled()(given)
    gc.collect()
    assert count.value == before
    capsule = base.__dlpack__()
    received = Received(capsule)
    assert "used_dltensor" in repr(capsule)
    del capsule
    assert count.value == before + 1
    del received
    assert count.value == before


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "uint64", "float16", "float32"]
)
def test_capsules_have_the_dtypes_of_numpy(dtype):
    received = Received(np.ones((2, 1), dtype).__dlpack__())
    assert (received.dtype, received.shape) == (np.dtype(dtype), (2, 1))


def complex_numbers(tensor):
    tensor[20] = 5


def lanes(tensor):
    tensor[22] = 4


@pytest.mark.parametrize("change", [complex_numbers, lanes])
def test_other_numbers_are_refused(device, doubled, change):
    with pytest.raises(TypeError, match="no function takes these"):
        doubled()(ByDlpack(ROWS, change=change))
    with pytest.raises(TypeError, match="no capsule"):
        Received(7)


def test_dlpack_of_the_host_stays_with_numpy(device, doubled):
    class OfHost(ByDlpack):
        def __array__(self, dtype=None, copy=None):
            return self.array

    given = OfHost(ROWS, (1, 0))
    np.testing.assert_array_equal(doubled()(given), ROWS * 2)
    assert given.streams == []
    assert device.counts.uploads == 1


@pytest.mark.parametrize("array", [ROWS, ROWS[:, ::2], ROWS[::-1, ::-1], ROWS[:, 1:]])
def test_the_interface_of_cuda_is_taken_without_a_copy(device, doubled, array):
    device.has = lambda address: True
    f = doubled()
    for _ in range(3):
        np.testing.assert_array_equal(f(ByInterface(array, stream=5)), array * 2)
    assert device.counts.uploads == 0
    assert device.awaited == [5, 5, 5]


def test_a_part_of_an_array_that_runs_backward_is_read_where_it_lies(device):
    device.has = lambda address: True
    x, y = T.dmatrix("x"), T.dmatrix("y")
    f = function([x, y], y[1:] + x[1:, :2], mode=EMULATED)
    given = ByInterface(ROWS[::-1, ::-1])
    np.testing.assert_array_equal(f(given, ROWS[:, :2]), ROWS[1:, :2] + ROWS[::-1, ::-1][1:, :2])


@pytest.mark.parametrize("offset", range(4))
def test_an_array_may_begin_anywhere(device, offset):
    device.has = lambda address: True
    x = T.fvector("x")
    f = function([x], x * 2, mode=EMULATED)
    base = np.arange(72, dtype="float32")
    for k in (offset, 4, 0):
        np.testing.assert_array_equal(f(ByInterface(base[k : k + 64])), base[k : k + 64] * 2)


def test_other_dtypes_and_numbers_go_through_the_host(device, doubled):
    np.testing.assert_array_equal(doubled()(ByDlpack(ROWS.astype("float32"))), ROWS * 2)
    x = T.dscalar("x")
    f = function([x], x * 2, mode=EMULATED)
    assert f(ByDlpack(np.array(4.0))) == 8
    with pytest.raises(TypeError, match=r"position 0.*Wrong number of dimensions"):
        doubled()(ByDlpack(ROWS[0]))
    unaligned = np.zeros(97, "u1")[1:].view("float64").reshape(3, 4)
    np.testing.assert_array_equal(doubled()(ByDlpack(unaligned)), unaligned)


def test_arrays_of_other_devices_are_copied_through_the_host(device, doubled):
    f = doubled()
    np.testing.assert_array_equal(f(ThroughHost()), ROWS * 2)
    other = DeviceArray.uploaded(Posing(1), ROWS)
    np.testing.assert_array_equal(f(other), ROWS * 2)
    with pytest.raises(TypeError, match="ByDlpack lies on another device than emulated0"):
        f(ByDlpack(ROWS, (2, 1)))
    with pytest.raises(TypeError, match="masked"):
        f(ByInterface(ROWS, mask=other))


def test_a_failed_call_is_told_with_what_lay_on_the_device(device):
    x, k = T.dmatrix("x"), T.lvector("k")
    f = function([x, k], T.categorical_crossentropy(x, k), mode=EMULATED)
    with pytest.raises(IndexError, match="outside the 4 classes"):
        f(ByDlpack(ROWS + 1), np.array([0, 9, 1]))


# Arguments of a GPU, over a libcuda that needs none


class Translator:
    def compile(self, source, architecture, options=()):
        return type("Image", (), {"cubin": source.encode() + b"\0"})


@pytest.fixture
def gpus(fake_cuda):
    """Three drivers: two of the first GPU, each with a stream, and one of the second."""
    made = [CudaDriver(k, "", Translator(), library=fake_cuda.cuda) for k in (0, 0, 1)]
    yield made
    for one in made:
        one.close()


def test_work_waits_for_another_stream(gpus, fake_cuda):
    ours, theirs, _ = gpus
    theirs.compile({"fill_row": "\nfill_row:Pqd"})
    array = DeviceArray(theirs, (10,), "float32")
    theirs.run([Launch("fill_row", (1, 1), 32, "Pqd", (array.memory.address, 10, 4.0))])
    before, handles = fake_cuda.waits(), fake_cuda.handles()
    ours.wait_for(theirs.stream)
    copy = DeviceArray.copied(ours, array.memory.address, (10,), "float32")
    assert (fake_cuda.waits(), fake_cuda.handles()) == (before, handles)
    assert (copy.get() == 4).all()
    for stream in (1, 2, ours.stream):
        ours.wait_for(stream)
    fake_cuda.fail("cuEventRecord", 400)
    with pytest.raises(CudaError, match="cuEventRecord"):
        ours.wait_for(theirs.stream)
    assert fake_cuda.handles() == handles


def test_a_gpu_knows_its_memory(gpus, fake_cuda):
    ours, theirs, other = gpus
    assert (ours.dlpack_device, other.dlpack_device) == ((2, 0), (2, 1))
    here, there = DeviceArray(theirs, (3, 4), "float64"), DeviceArray(other, (3, 4), "float64")
    here.memory.upload(ROWS)
    seen = seen_by(ours, ByInterface(ROWS, **here.__cuda_array_interface__))
    assert isinstance(seen, SeenArray)
    np.testing.assert_array_equal(seen.read(ours), ROWS)
    told = ThroughHost()
    told.__cuda_array_interface__ = there.__cuda_array_interface__
    np.testing.assert_array_equal(seen_by(ours, told), ROWS)
    with pytest.raises(TypeError, match="no memory of one"):
        seen_by(ours, ByInterface(ROWS))
    fake_cuda.fail("cuPointerGetAttribute", 700)
    with pytest.raises(CudaError):
        seen_by(ours, told)


# Results


def test_a_result_may_stay_on_the_device(emulated):
    x = T.dmatrix("x")
    f = function([x], [Out(x * 2, on_device=True), x + 1, Out(x.sum(axis=0), on_device=True)])
    g = function([x], [Out(x * 2, on_device=True), x + 1], mode=EMULATED)
    assert all(isinstance(y, np.ndarray) for y in f(ROWS))
    first = g(ROWS)[0]
    downloaded = emulated.counts.downloaded
    second, on_host = g(-ROWS)
    assert isinstance(second, DeviceArray)
    assert isinstance(on_host, np.ndarray)
    assert emulated.counts.downloaded - downloaded == ROWS.nbytes
    np.testing.assert_array_equal(first.get(), ROWS * 2)
    np.testing.assert_array_equal(second, ROWS * -2)


def test_results_are_arguments(emulated):
    x = T.dmatrix("x")
    f = function([x], Out(T.tanh(x) * 2, on_device=True), mode=EMULATED)
    y = f(ROWS)
    before = (emulated.counts.uploads, emulated.counts.downloads)
    for _ in range(3):
        y = f(y)
    assert (emulated.counts.uploads, emulated.counts.downloads) == before
    expected = ROWS
    for _ in range(4):
        expected = np.tanh(expected) * 2
    np.testing.assert_allclose(y.get(), expected)


def test_results_of_every_kind_stay(emulated):
    x, n = T.dvector("x"), T.lscalar("n")
    w = shared(np.arange(3.0))
    wanted = {"sum": x.sum(), "number": n + 1, "given": x, "state": w, "none": x[:0], "n": n}
    outputs = {k: Out(v, on_device=True) for k, v in wanted.items()}
    f = function([x, n], outputs, mode=EMULATED, updates=[(w, w + 1)])
    for call in range(3):
        found = f(np.arange(4.0), 7)
        assert all(isinstance(one, DeviceArray) for one in found.values())
        assert (found["sum"].get(), found["number"].get(), found["n"].get()) == (6, 8, 7)
        assert found["number"].dtype == "int64"
        np.testing.assert_array_equal(found["given"], np.arange(4.0))
        np.testing.assert_array_equal(found["state"], np.arange(3.0) + call)
        assert found["none"].shape == (0,)
    np.testing.assert_array_equal(w.get_value(), np.arange(3.0) + 3)


class OnHost(Op):
    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] + 1


@pytest.mark.filterwarnings("ignore:.*no kernel is known")
def test_results_stay_where_the_call_comes_back_to_the_host(device):
    x, n = T.dmatrix("x"), T.lscalar("n")
    outputs = [Out(OnHost()(x) * 2, on_device=True), Out(n * 2, on_device=True), OnHost()(x)]
    f = function([x, n], outputs, mode=EMULATED)
    for given in (ROWS, ByDlpack(ROWS)):
        stays, number, leaves = f(given, 3)
        assert f.executable.is_live
        assert isinstance(stays, DeviceArray)
        assert number.get() == 6
        np.testing.assert_array_equal(stays, (ROWS + 1) * 2)
        np.testing.assert_array_equal(leaves, ROWS + 1)


def test_a_pickled_function_leaves_its_results_where_it_did(emulated):
    x = T.dmatrix("x")
    f = function([x], [x + 1, Out(x * 2, on_device=True)], mode=EMULATED)
    g = pickle.loads(pickle.dumps(f))
    first, second = g(ROWS)
    assert isinstance(first, np.ndarray)
    np.testing.assert_array_equal(second.get(), ROWS * 2)


# Arrays of a device


def test_an_array_of_a_device_tells_what_it_is(emulated):
    y = DeviceArray.uploaded(emulated, ROWS.astype("float32"))
    assert (y.shape, y.dtype, y.ndim, y.size, y.nbytes) == ((3, 4), np.dtype("float32"), 2, 12, 48)
    assert len(y) == 3
    assert repr(y) == "DeviceArray(emulated0, float32, shape (3, 4))"
    assert np.asarray(y, "float64").dtype == "float64"
    with pytest.raises(ValueError, match="is copied"):
        np.asarray(y, copy=False)
    with pytest.raises(TypeError, match=r"no len\(\)"):
        len(DeviceArray.uploaded(emulated, np.array(1.0)))
    copy = y.copy()
    assert copy.memory is not y.memory
    np.testing.assert_array_equal(copy.get(), ROWS)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_others_take_it_without_a_copy_by_dlpack(emulated, dtype, shape):
    made = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    y = DeviceArray.uploaded(emulated, made)
    taken = np.from_dlpack(y)
    np.testing.assert_array_equal(taken, made)
    assert taken.dtype == made.dtype
    assert taken.ctypes.data == y.memory.address
    if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
        assert np.from_dlpack(y, copy=True).ctypes.data != y.memory.address
    memory = y.memory.address
    del y
    gc.collect()
    assert emulated.has(memory)
    np.testing.assert_array_equal(taken, made)
    del taken
    gc.collect()
    assert not emulated.has(memory)


def test_a_capsule_that_nobody_takes_is_given_back(emulated):
    y = DeviceArray.uploaded(emulated, ROWS)
    capsule, memory = y.__dlpack__(), y.memory.address
    del y
    assert emulated.has(memory)
    del capsule
    assert not emulated.has(memory)


def test_an_array_of_a_gpu_says_so(device):
    y = DeviceArray.uploaded(device, ROWS)
    assert y.__dlpack_device__() == (2, 0)
    capsule = y.__dlpack__(stream=5)
    assert tuple(tensor_of(capsule)[8:16]) == (2, 0, 0, 0, 0, 0, 0, 0)
    assert device.synchronized == 1
    y.__dlpack__(stream=-1)
    assert device.synchronized == 1
    told = y.__cuda_array_interface__
    assert (told["version"], told["data"][0], told["shape"]) == (3, y.memory.address, (3, 4))
    with pytest.raises(BufferError, match="another device"):
        y.__dlpack__(dl_device=(1, 0))


def test_an_emulated_array_does_not_pose_as_one_of_a_gpu(emulated):
    assert not hasattr(DeviceArray.uploaded(emulated, ROWS), "__cuda_array_interface__")


# Shared variables


def counter():
    """A shared variable, and a function that adds to it."""
    w = shared(ROWS)
    x = T.dmatrix("x")
    return w, function([x], Out(w * 1, on_device=True), updates=[(w, w + x)], mode=EMULATED)


def transfers(driver):
    return (driver.counts.uploaded, driver.counts.downloaded)


def test_a_value_is_had_without_a_transfer(emulated):
    w, add = counter()
    assert isinstance(w.get_value(return_internal_type=True), np.ndarray)
    add(ROWS)
    before = transfers(emulated)
    copy = w.get_value(return_internal_type=True)
    lent = w.get_value(borrow=True, return_internal_type=True)
    assert lent is w.get_value(borrow=True, return_internal_type=True)
    assert transfers(emulated) == before
    assert copy.memory.address != lent.memory.address
    add(ROWS)
    np.testing.assert_array_equal(copy, ROWS * 2)
    np.testing.assert_array_equal(lent, ROWS * 2)
    np.testing.assert_array_equal(w.get_value(), ROWS * 3)


def test_what_is_written_to_a_borrowed_array_is_the_value(emulated):
    w, add = counter()
    add(ROWS)
    w.get_value()
    lent = w.get_value(borrow=True, return_internal_type=True)
    emulated.upload(lent.memory.address, -ROWS)
    np.testing.assert_array_equal(w.get_value(), -ROWS)
    np.testing.assert_array_equal(add(ROWS), -ROWS)
    np.testing.assert_array_equal(lent, -ROWS)
    np.testing.assert_array_equal(w.get_value(), 0 * ROWS)


def test_a_borrowed_array_is_left_alone_by_the_cpu(emulated):
    w, add = counter()
    add(ROWS)
    lent = w.get_value(borrow=True, return_internal_type=True)
    function([], updates=[(w, w * 5)], mode="FAST_COMPILE")()
    assert isinstance(w.get_value(return_internal_type=True), np.ndarray)
    np.testing.assert_array_equal(add(ROWS), ROWS * 10)
    np.testing.assert_array_equal(lent, ROWS * 2)


def test_memory_that_is_given_back_is_written_in_place(emulated):
    w, add = counter()
    add(ROWS)
    address = w.get_value(borrow=True, return_internal_type=True).memory.address
    gc.collect()
    add(ROWS)
    assert w.get_value(borrow=True, return_internal_type=True).memory.address == address


def test_an_array_of_the_device_is_put_without_a_transfer(emulated):
    w, add = counter()
    value = add(ROWS)
    before = transfers(emulated)
    w.set_value(value)
    np.testing.assert_array_equal(add(ROWS).get(), ROWS)
    np.testing.assert_array_equal(value, ROWS)
    assert transfers(emulated) == (before[0] + ROWS.nbytes, before[1] + 2 * ROWS.nbytes)
    longer = DeviceArray.uploaded(emulated, np.ones((5, 4)))
    before = transfers(emulated)
    w.set_value(longer)
    assert transfers(emulated) == before
    np.testing.assert_array_equal(w.get_value(), np.ones((5, 4)))


def test_others_go_through_the_host_to_be_put(device):
    w, add = counter()
    w.set_value(DeviceArray.uploaded(device, ROWS * 3))  # no device has the variable yet
    np.testing.assert_array_equal(add(ROWS), ROWS * 3)
    w.set_value(ByDlpack(ROWS.astype("float32")[:, ::-1]))
    np.testing.assert_array_equal(w.get_value(), ROWS[:, ::-1])
    add(ROWS)
    w.set_value(ByDlpack(ROWS))
    assert device.synchronized == 1
    np.testing.assert_array_equal(w.get_value(), ROWS)
    with pytest.raises(TypeError, match="set_value: a new value of"):
        w.set_value(ByDlpack(ROWS[0]))
    np.testing.assert_array_equal(w.get_value(), ROWS)


def test_a_target_is_where_functions_run(emulated):
    w = shared(ROWS, target="emulated")
    f = function([], Out(w + 1, on_device=True))
    assert f.maker.device == "emulated0"
    assert isinstance(f(), DeviceArray)


def test_values_are_read_while_others_call(emulated):
    w = shared(np.zeros(4))
    f = function([], updates=[(w, w + 1)], mode=EMULATED)
    f()
    threads = [threading.Thread(target=lambda: [f() for _ in range(300)], daemon=True)]
    threads += [threading.Thread(target=lambda: [w.get_value() for _ in range(300)], daemon=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert not any(one.is_alive() for one in threads)
    np.testing.assert_array_equal(w.get_value(), np.full(4, 301.0))
