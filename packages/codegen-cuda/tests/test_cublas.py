"""Products through cuBLAS, over one of three loops: the numbers are those of NumPy."""

import itertools

import numpy as np
import pytest
from bitale_codegen_cuda.base import wheels
from bitale_codegen_cuda.base.errors import CudaError, NoDeviceError
from bitale_codegen_cuda.driver.commands import Product
from bitale_codegen_cuda.driver.cublas import find_cublas, leading
from bitale_codegen_cuda.driver.cuda_driver import CudaDriver

LENGTHS = (1, 2, 5)


class NoCompiler:
    def compile(self, source, architecture, options=()):
        raise AssertionError("nothing is compiled here")


@pytest.fixture
def driver(fake_cuda):
    made = CudaDriver(0, "", NoCompiler(), library=fake_cuda.cuda, cublas=fake_cuda.cublas)
    yield made
    made.close()


class Matrix:
    """A matrix on the device, with room between its rows or between its columns."""

    def __init__(self, driver, values, is_transposed=False, gap=0):
        self.driver, self.shape = driver, values.shape
        stored = values.T if is_transposed else values
        self.room = np.full((stored.shape[0], stored.shape[1] + gap), np.nan, values.dtype)
        self.room[:, : stored.shape[1]] = stored
        self.width = stored.shape[1]
        distance = self.room.shape[1]
        self.strides = (1, distance) if is_transposed else (distance, 1)
        self.address = driver.allocate(self.room.nbytes)
        driver.upload(self.address, self.room)

    def read(self):
        self.driver.download(self.room, self.address)
        return self.room[:, : self.width]


def product(x, y, out, alpha=1.0, beta=0.0, **more):
    return Product(
        str(out.room.dtype),
        *(*out.shape, x.shape[1], alpha),
        *(x.address, x.strides, y.address, y.strides),
        *(beta, out.address, out.strides[0]),
        **more,
    )


def tolerance(dtype):
    return 16 * np.finfo(dtype).eps  # sums of at most 5 numbers near 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("x_transposed", [False, True])
@pytest.mark.parametrize("y_transposed", [False, True])
@pytest.mark.parametrize("gap", [0, 3])
def test_every_layout_gives_the_product(driver, dtype, x_transposed, y_transposed, gap):
    rng = np.random.default_rng(1)
    for rows, columns, inner in itertools.product(LENGTHS, repeat=3):
        a, b, c = (
            rng.uniform(-1, 1, shape).astype(dtype)
            for shape in ((rows, inner), (inner, columns), (rows, columns))
        )
        x, y = Matrix(driver, a, x_transposed, gap), Matrix(driver, b, y_transposed, gap)
        out = Matrix(driver, c, gap=gap)
        driver.run([product(x, y, out, alpha=0.5, beta=-2.0)])
        assert np.allclose(out.read(), 0.5 * a @ b - 2 * c, rtol=0, atol=tolerance(dtype))
        assert np.isnan(out.room[:, columns:]).all()


def test_what_beta_0_overwrites_is_not_read(driver):
    x = Matrix(driver, np.ones((2, 3), "float32"))
    y = Matrix(driver, np.ones((3, 4), "float32"))
    out = Matrix(driver, np.full((2, 4), np.nan, "float32"))
    driver.run([product(x, y, out)])
    assert (out.read() == 3).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scales_may_lie_on_the_device(driver, dtype):
    ones = [Matrix(driver, np.ones(shape, dtype)) for shape in ((2, 3), (3, 4), (2, 4))]
    scales = np.array([2.0, 10.0], dtype)
    place = driver.allocate(scales.nbytes)
    driver.upload(place, scales)
    there = {"alpha": place, "beta": place + scales.itemsize, "scales_lie": True}
    # Back and forth, as the mode is kept between products.
    driver.run([product(*ones, **there), product(*ones, alpha=1.0, beta=1.0)])
    driver.run([product(*ones, **there)])
    assert (ones[2].read() == 2 * 3 + 10 * (3 + 2 * 3 + 10)).all()


def test_a_graph_reads_scales_that_lie_there_when_it_runs(driver):
    x = Matrix(driver, np.ones((2, 3)))
    y = Matrix(driver, np.ones((3, 4)))
    out = Matrix(driver, np.zeros((2, 4)))
    place = driver.allocate(16)
    graph = driver.graph([product(x, y, out, place, place + 8, scales_lie=True)])
    for alpha in (2.0, 3.0):
        driver.upload(place, np.array([alpha, 0.0]))
        graph.launch()
        assert (out.read() == 3 * alpha).all()


def test_without_a_sum_the_result_is_scaled(driver):
    x = Matrix(driver, np.ones((2, 0)), gap=1)
    y = Matrix(driver, np.ones((0, 3)))
    out = Matrix(driver, np.ones((2, 3)))
    driver.run([product(x, y, out, beta=5.0)])
    assert (out.read() == 5).all()


@pytest.mark.parametrize(("rows", "columns"), [(0, 3), (3, 0), (0, 0)])
def test_a_product_without_elements_is_nothing(driver, rows, columns):
    place = driver.allocate(8)
    driver.run(
        [Product("float64", rows, columns, 2, 1.0, place, (2, 1), place, (0, 1), 0.0, place, 0)]
    )
    driver.synchronize()
    assert driver.counts.products == 1


@pytest.mark.parametrize(
    ("precision", "dtype", "mode"),
    [("ieee", "float32", 16), ("tf32", "float32", 3), ("tf32", "float64", 16)],
)
def test_the_precision_is_what_was_asked_for(driver, fake_cuda, precision, dtype, mode):
    ones = [Matrix(driver, np.ones((2, 2), dtype)) for _ in range(3)]
    other = {"ieee": "tf32", "tf32": "ieee"}[precision]
    driver.run([product(*ones, precision=other), product(*ones, precision=precision)])
    assert fake_cuda.cublas_mode() == mode


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shared", ["x", "y", None])
def test_many_pairs_are_one_command(driver, dtype, shared):
    rng = np.random.default_rng(2)
    values = [
        rng.uniform(-1, 1, shape).astype(dtype) for shape in ((3, 4, 2), (3, 2, 5), (3, 4, 5))
    ]
    x, y, out = (Matrix(driver, v.reshape(-1, v.shape[-1]), gap=1) for v in values)
    steps = (0 if shared == "x" else 4 * 3, 0 if shared == "y" else 2 * 6, 4 * 6)
    driver.run(
        [
            Product(
                *(dtype, 4, 5, 2, 0.5, x.address, (3, 1), y.address, (6, 1), -2.0),
                *(out.address, 6),
                batch=3,
                steps=steps,
            )
        ]
    )
    a = values[0][:1] if shared == "x" else values[0]
    b = values[1][:1] if shared == "y" else values[1]
    wanted = (0.5 * a @ b - 2 * values[2]).reshape(12, 5)
    assert np.allclose(out.read(), wanted, rtol=0, atol=tolerance(dtype))


def test_more_pairs_than_one_call_takes(driver):
    count = 65535 + 3
    x, out = (Matrix(driver, np.full((count, 1), 2.0)) for _ in range(2))
    y = Matrix(driver, np.arange(count, dtype="float64")[:, None])
    one = (1, 1, 1, 1.0, x.address, (1, 1), y.address, (1, 1), 0.0, out.address, 1)
    driver.run([Product("float64", *one, batch=count, steps=(1, 1, 1))])
    assert (out.read()[:, 0] == 2 * np.arange(count)).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_numbers_of_16_bits_are_summed_in_32(driver, dtype):
    place = driver.allocate(64)
    # The stand-in refuses any other type to compute in.
    driver.run([Product(dtype, 2, 2, 2, 1.0, place, (2, 1), place, (2, 1), 0.0, place, 2)])
    assert driver.counts.products == 1


def test_a_matrix_beyond_32_bits_takes_the_wide_function(driver, fake_cuda):
    place = driver.allocate(64)
    one = ("float64", 1, 1, 1, 1.0, place, (1, 1), place, (1, 1), 0.0, place)
    driver.run([Product(*one, 1)])
    assert not fake_cuda.cublas_wide()
    wide = ("bfloat16", 2, 1, 1, 1.0, place, (2**31, 1), place, (1, 1), 0.0, place)
    driver.run([Product(*wide, 2**31)])
    assert fake_cuda.cublas_wide()


@pytest.mark.parametrize(
    ("strides", "rows", "columns", "found"),
    [
        ((7, 1), 3, 5, (0, 7)),
        ((1, 7), 3, 5, (1, 7)),
        ((1, 1), 1, 5, (0, 5)),
        ((0, 4), 1, 5, (1, 4)),  # one row of elements apart: the columns are of length 1
        ((4, 0), 5, 1, (0, 4)),
        ((0, 1), 1, 5, (0, 5)),
        ((-8, -8), 1, 1, (0, 1)),
        ((1, 1), 5, 1, (0, 1)),
        ((0, 0), 3, 0, (0, 1)),
        ((0, 0), 0, 3, (0, 3)),
    ],
)
def test_an_axis_of_one_element_may_have_any_stride(strides, rows, columns, found):
    assert leading(strides, rows, columns) == found


@pytest.mark.parametrize("strides", [(10, 2), (0, 1), (2, 1), (1, 2), (-5, 1), (1, 0)])
def test_rows_that_overlap_or_lie_apart_are_refused(strides):
    with pytest.raises(ValueError, match="3 rows and 5 columns with strides"):
        leading(strides, 3, 5)


def test_a_dtype_or_a_precision_that_cublas_has_not_is_refused(driver):
    place = driver.allocate(64)
    one = (1, 1, 1, 1, place, (1, 1), place, (1, 1), 0, place, 1)
    with pytest.raises(ValueError, match="no product of int32: there are float16"):
        driver.run([Product("int32", *one)])
    with pytest.raises(ValueError, match="no precision 'fast'"):
        driver.run([Product("float32", *one, precision="fast")])


def test_a_refusal_of_cublas_has_its_name(driver, fake_cuda):
    place = driver.allocate(64)
    with pytest.raises(CudaError, match="cublasGemmEx returned CUBLAS_STATUS_INVALID_VALUE"):
        driver.run([Product("float32", 2, 2, -1, 1.0, place, (2, 1), place, (2, 1), 0.0, place, 2)])


def test_the_workspace_is_given_back_when_cublas_does_not_start(driver, fake_cuda):
    used = fake_cuda.used()
    fake_cuda.cublas_refuse()
    ones = [Matrix(driver, np.ones((2, 2))) for _ in range(3)]
    before = fake_cuda.used()
    with pytest.raises(CudaError, match="cublasCreate_v2 returned"):
        driver.run([product(*ones)])
    assert fake_cuda.used() == before > used
    driver.run([product(*ones)])
    assert (ones[2].read() == 2).all()


# Where it is looked for


def test_without_cublas_a_product_says_what_to_install(fake_cuda, monkeypatch):
    monkeypatch.setenv("BITALE_CUBLAS", "/nowhere/libcublas.so.12")
    driver = CudaDriver(0, "", NoCompiler(), library=fake_cuda.cuda)
    place = driver.allocate(64)
    with pytest.raises(NoDeviceError, match=r"pip install 'bitale-codegen-cuda\[cuda13\]'"):
        driver.run([Product("float32", 1, 1, 1, 1, place, (1, 1), place, (1, 1), 0, place, 1)])
    driver.close()


def test_a_library_newer_than_the_driver_is_left(tmp_path):
    path = tmp_path / "libcublas.so.13"
    path.touch()
    with pytest.raises(NoDeviceError, match=r"too new for the driver.*\[cuda12\]"):
        find_cublas(str(path), newest=12)


def test_the_version_is_known_without_a_gpu(fake_cuda):
    assert find_cublas(fake_cuda.cublas).version() == (13, 2)


def test_wheels_come_before_toolkits_and_newer_ones_first(tmp_path, monkeypatch):
    folders = ["nvidia/cu12/lib", "nvidia/cu13/lib", "nvidia/cublas/lib", "toolkit/lib64"]
    names = ["libcublas.so.12", "libcublas.so.13", "libcublas.so.12", "libcublas.so.13.2"]
    for folder, name in zip(folders, names, strict=True):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).touch()
        (tmp_path / folder / "libcublasLt.so.13").touch()
    monkeypatch.setattr(wheels, "_nvidia_folders", lambda: [tmp_path / "nvidia"])
    monkeypatch.setenv("CUDA_PATH", str(tmp_path / "toolkit"))
    monkeypatch.delenv("BITALE_CUBLAS", raising=False)
    found = list(wheels.candidates("libcublas", "BITALE_CUBLAS", "cublas"))
    assert found[:4] == [str(tmp_path / folders[i] / names[i]) for i in (1, 0, 2, 3)]
    assert found[-2:] == ["libcublas.so.13", "libcublas.so.12"]
    monkeypatch.setenv("BITALE_CUBLAS", "mine")
    assert list(wheels.candidates("libcublas", "BITALE_CUBLAS", "cublas")) == ["mine"]


@pytest.mark.parametrize(
    ("name", "major"),
    [("/a/libcublas.so.12", 12), ("libcublas.so.13.0.2", 13), ("/a.so.1/libcublas.so", None)],
)
def test_the_version_of_a_library_is_in_its_name(name, major):
    assert wheels.major(name) == major
