"""The team of threads that shares loops and products, and BLAS beside it."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from bitale_codegen_c.library.blas import get_blas_threads, load_blas, set_blas_threads
from bitale_codegen_c.runtime import Argument, Program, runtime
from bitale_codegen_c.toolchain.threads import set_threads
from bitale_graph import config, function
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode

# Each part adds 1 to its own element, after some work, and starts parts of its own if asked to.
COUNT = """
typedef struct { const bt_runtime *rt; int64_t *counts; int64_t inner; double sink; } counting;

static void count_inner(void *context, int64_t part) {
    (void)part;
    __atomic_fetch_add((int64_t *)context, 1, __ATOMIC_RELAXED);
}

static void count(void *context, int64_t part) {
    counting *c = context;
    volatile double x = 1;
    for (int i = 0; i < 50 * (part % 7); i++) x = x * 1.0001;
    c->counts[part] += 1;
    if (c->inner) {
        int64_t seen = 0;
        c->rt->share(count_inner, &seen, c->inner);
        c->counts[part] += seen;
    }
}
"""
BODY = """
    int64_t n = *(int64_t *)in[0].data, inner = *(int64_t *)in[1].data;
    int64_t rounds = *(int64_t *)in[2].data, *counts = rt->alloc((size_t)(n + 1) * 8);
    for (int64_t i = 0; i < n; i++) counts[i] = 0;
    counting c = {rt, counts, inner, 0};
    for (int64_t r = 0; r < rounds; r++) rt->share(count, &c, n);
    out[0].data = counts;
    out[0].shape[0] = n;
    return 0;
"""


@pytest.fixture(params=[1, 2, 4])
def threads(request):
    before = runtime.get_threads()
    set_threads(request.param)
    yield request.param
    set_threads(before)


@pytest.fixture
def counts(build):
    integer = Argument("int64", 0)
    program = Program(
        *build(BODY, COUNT),
        arguments=[integer, integer, integer],
        outputs=[("int64", 1)],
        single=True,
    )
    return lambda n, inner=0, rounds=1: program((np.int64(n), np.int64(inner), np.int64(rounds)))


@pytest.mark.parametrize("parts", [0, 1, 2, 3, 64])
def test_every_part_runs_once_in_every_task(counts, threads, parts):
    assert counts(parts, rounds=3000).tolist() == [3000] * parts


def test_a_part_may_share_work(counts, threads):
    assert counts(5, inner=7, rounds=200).tolist() == [8 * 200] * 5


def test_tasks_of_several_callers(counts, threads):
    wrong = []

    def call():
        for _ in range(50):
            found = counts(4, rounds=20)
            if found.tolist() != [20] * 4:
                wrong.append(found)

    callers = [threading.Thread(target=call) for _ in range(6)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert not wrong


def test_sleeping_threads_wake(counts, threads):
    for pause in (0.0, 0.001, 0.01, 0.05):
        time.sleep(pause)
        assert counts(8, rounds=5).tolist() == [5] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_has_threads_of_its_own(counts, threads):
    counts(4)
    for _ in range(3):
        child = os.fork()
        if child == 0:
            os._exit(0 if counts(4, rounds=100).tolist() == [100] * 4 else 1)
        assert os.waitpid(child, 0)[1] == 0


def product_of(n=300):
    x, y = T.dmatrices("x", "y")
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((n, n)), rng.standard_normal((n, n))
    return function([x, y], T.dot(x, y) + 1, mode=Mode(linker="c")), a, b


@pytest.mark.parametrize("shape", [(300, 300, 300), (2, 900, 400), (900, 3, 400), (33, 64, 1000)])
def test_products_are_split(threads, shape):
    m, n, k = shape
    rng = np.random.default_rng(1)
    x, y, v = T.dmatrix("x"), T.dmatrix("y"), T.dvector("v")
    with config.change_flags(threads=threads):
        f = function([x, y, v], [T.dot(x, y), T.dot(x.T, x), T.dot(x, v)], mode=Mode(linker="c"))
    for a in (rng.standard_normal((m, k)), rng.standard_normal((k, m)).T):
        for b in (rng.standard_normal((k, n)), rng.standard_normal((n, k)).T):
            c = rng.standard_normal(k)
            for got, want in zip(f(a, b, c), [a @ b, a.T @ a, a @ c], strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def test_blas_has_its_threads_again_after_a_call():
    if load_blas("scipy").core_type is None:
        pytest.skip("not an OpenBLAS")
    f, a, b = product_of()
    before = set_blas_threads(2)
    try:
        np.testing.assert_allclose(f(a, b), a @ b + 1, rtol=1e-10)
        assert get_blas_threads() == 2
        callers = [threading.Thread(target=lambda: [f(a, b) for _ in range(20)]) for _ in range(4)]
        for one in callers:
            one.start()
        for one in callers:
            one.join()
        assert get_blas_threads() == 2
    finally:
        set_blas_threads(before)


def test_scipy_is_right_beside_compiled_functions(tmp_path):
    """LAPACK uses the threads of the same OpenBLAS, while compiled functions tell it to use one."""
    script = tmp_path / "program.py"
    script.write_text(
        """
import threading
import numpy as np
import scipy.linalg
import bitale_codegen_c
from bitale_graph import config, function
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
import sys

config.base_compiledir = sys.argv[1]
x = T.dmatrix("x")
f = function([x], T.dot(x, x) + 1, mode=Mode(linker="c"))
rng = np.random.default_rng(0)
a = rng.standard_normal((400, 400))
expected, worst = a @ a + 1, []

def ours():
    for _ in range(20):
        worst.append(np.abs(f(a) - expected).max())

def scipys():
    for n in (50, 300):
        b = rng.standard_normal((n, n)) + n * np.eye(n)
        for _ in range(3):
            worst.append(np.abs(scipy.linalg.inv(b) @ b - np.eye(n)).max())
            c = scipy.linalg.cholesky(b @ b.T, lower=True)
            worst.append(np.abs(c @ c.T - b @ b.T).max() / n**2)

workers = [threading.Thread(target=w) for w in (ours, scipys)]
for w in workers:
    w.start()
for w in workers:
    w.join()
print(max(worst) < 1e-9)
"""
    )
    command = [sys.executable, str(script), config.base_compiledir]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "True"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_multiplies_matrices():
    f, a, b = product_of()
    expected = f(a, b)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.allclose(f(a, b), expected, rtol=1e-12) else 1)
    assert os.waitpid(child, 0)[1] == 0
