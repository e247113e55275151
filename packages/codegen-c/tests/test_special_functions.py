"""The texts of special functions, compiled, and held to exact values and to SciPy.

The exact values were computed with 50 digits by mpmath 1.4.
"""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
import scipy.special
from bitale_codegen_c.library.vector_math.table import source
from bitale_graph.plan.dialect import SPECIAL_NAMES
from bitale_graph.tensor.scalar import SCALAR_OPS

FLAGS = "-O2 -march=native -fno-math-errno -fno-trapping-math -fwrapv -shared -fPIC -Wall -Wextra"
BINARY = {"gammainc", "gammaincc"}
# fmt: off
EXACT = {
    "gammaln": [
        (1e-300, 690.7755278982137), (1e-08, 18.42068073818021), (0.3, 1.0957979948180756),
        (0.4999, 0.5725613186041184), (0.75, 0.20328095143129538),
        (0.9999, 5.7729791561193866e-05), (1.0001, -5.771334222047127e-05),
        (1.3, -0.10817480950786047), (1.499, -0.120818260069932),
        (1.9999, -4.227520877215346e-05), (2.0001, 4.2281658112919945e-05),
        (2.4, 0.21685932244884157), (2.6, 0.35741186354897986), (5.5, 3.9578139676187165),
        (7.99, 8.50501160608848), (8.01, 8.545324429747733), (25.5, 56.389167643719944),
        (100000.0, 1051287.7089736569), (1000000000000000.0, 3.3538776394910668e+16),
        (1e+300, 6.897755278982137e+302), (-1e-08, 18.42068074972452),
        (-0.25, 1.589575312551186), (-0.75, 1.5757045971498584), (-5.5, -4.517832174007741),
        (-100.25, -363.4009232278215),
    ],
    "gamma": [
        (1e-300, 9.999999999999999e+299), (1e-08, 99999999.42278434), (0.3, 2.991568987687591),
        (0.75, 1.2254167024651776), (1.3, 0.8974706963062772), (1.4999, 0.8862236957612549),
        (2.2, 1.1018024908797128), (4.7, 15.431411600047436), (11.9, 31279623.921386234),
        (12.1, 50983227.84411616), (33.3, 7.487577596522633e+35),
        (100.5, 9.320963104082716e+156), (171.5, 9.4833675668248e+307),
        (-1e-08, -100000000.57721567), (-0.5, -3.544907701811032), (-3.999, 41.72953287550348),
        (-7.25, 0.0005303977063521478), (-11.9, 2.7312347182798883e-08),
        (-12.1, -1.6479909039428328e-08), (-50.5, -1.449954393907748e-65),
        (-170.5, -3.3127395215386074e-308),
    ],
    "psi": [
        (1e-300, -9.999999999999999e+299), (1e-08, -100000000.57721564),
        (0.3, -3.502524222200133), (0.999, -0.5788618021086455), (1.2, -0.2890398965921884),
        (1.46, -0.0015805619870834522), (1.4616321449683622, -9.241265521729427e-17),
        (1.47, 0.008066489011364869), (1.8, 0.28499143329386156), (2.1, 0.48533596867983236),
        (5.5, 1.6110931485817512), (9.9, 2.2411803166063815), (10.1, 2.262214357094148),
        (1000.0, 6.907255195648812), (1000000000000000.0, 34.538776394910684),
        (1e+300, 690.7755278982137), (-1e-08, 99999999.42278431), (-0.25, 2.9141391202135276),
        (-3.75, -1.6923885983113303), (-20.25, 6.174235633614484),
    ],
    "tri_gamma": [
        (1e-150, 1e+300), (1e-08, 1.0000000000000002e+16), (0.3, 12.245364546107732),
        (1.2, 1.2673772054237793), (5.5, 0.19934238698962767), (9.99, 0.10527695014824179),
        (10.01, 0.10505595320551508), (1000.0, 0.0010005001666666333),
        (1000000000000000.0, 1.0000000000000005e-15), (1e+300, 1e-300),
        (-1e-08, 1.0000000000000002e+16), (-0.25, 18.541879647671607),
        (-3.75, 19.504980060599575), (-20.25, 19.69102535100871),
    ],
    "erfcx": [
        (0.0, 1.0), (1e-300, 1.0), (0.1, 0.8964569799691267), (0.5, 0.6156903441929259),
        (1.0, 0.427583576155807), (2.5, 0.2108063640611436), (7.0, 0.07980005432915294),
        (30.0, 0.01879588886141675), (1000.0, 0.0005641893014533876),
        (100000000.0, 5.641895835477562e-09), (10000000000.0, 5.641895835477563e-11),
        (1e+300, 5.641895835477562e-301), (-1e-08, 1.0000000112837917),
        (-0.5, 1.952360489182557), (-3.0, 16205.988853999586), (-10.1, 4.012454259228462e+44),
        (-26.5, 1.924553162418569e+305),
    ],
    "erfinv": [
        (1e-300, 8.86226925452758e-301), (1e-08, 8.86226925452758e-09),
        (0.1, 0.08885599049425769), (0.5, 0.4769362762044699), (0.7499, 0.8132481216088284),
        (0.7501, 0.8135916215750183), (0.9, 1.1630871536766743), (0.999, 2.3267537655135246),
        (0.9999999, 3.7665625816384707), (0.999999999999999, 5.675915739744713),
        (-0.3, -0.2724627147267543), (-0.9999, -2.75106390571208),
    ],
    "erfcinv": [
        (1e-320, 27.073153719853043), (1e-300, 26.209469960516124),
        (1e-100, 15.065574702592645), (1e-40, 9.448789766720859), (1e-16, 5.8723700904539635),
        (1e-10, 4.572824967389486), (0.001, 2.3267537655135246), (0.1, 1.163087153676674),
        (0.2499, 0.8135916215750183), (0.2501, 0.8132481216088284), (0.5, 0.4769362762044699),
        (0.9999, 8.862269277727971e-05), (1.3, -0.2724627147267544),
        (1.7499, -0.8132481216088284), (1.7501, -0.8135916215750183),
        (1.9999, -2.75106390571208),
    ],
    "j0": [
        (1e-300, 1.0), (0.001, 0.9999997500000156), (1.0, 0.7651976865579666),
        (2.4, 0.002507683297243859), (2.404825557695773, -6.10876525973673e-17),
        (2.41, -0.002683400893544352), (5.52, -2.6578369480081305e-05),
        (7.99, 0.17399001312793258), (8.01, 0.16929736911054297), (8.65, 0.001012166219373185),
        (20.0, 0.16702466434058316), (100.5, 0.054436573814413594),
        (100000.0, -0.0017192011162359723), (10000000000.0, 2.175591750246892e-06),
        (1e+300, -7.860673062724093e-151), (-3.0, -0.26005195490193345),
    ],
    "j1": [
        (1e-300, 5e-301), (0.001, 0.0004999999375000026), (1.0, 0.4400505857449335),
        (3.83, 0.000687248220597037), (3.8317059702075125, -6.149807356994906e-17),
        (3.84, -0.0033368525920552607), (7.01, -0.001677306998936163),
        (7.99, 0.23320071425350178), (8.01, 0.236047103630834), (10.2, -0.006615743297723622),
        (20.0, 0.06683312417585005), (100.5, -0.05779112399693202),
        (100000.0, 0.0018467575628825677), (10000000000.0, -7.676508175684158e-06),
        (1e+300, -1.3681360450342481e-151), (-3.0, -0.3390589585259365),
    ],
    "i0": [
        (1e-300, 1.0), (0.001, 1.0000002500000156), (1.0, 1.2660658777520084),
        (5.0, 27.239871823604446), (7.74, 335.3700698648756), (7.76, 341.6872137140357),
        (20.0, 43558282.559553534), (100.5, 1.765896920401827e+42),
        (700.0, 1.5295933476718737e+302), (713.0, 6.705128263670996e+307),
        (-3.0, 4.8807925858650245),
    ],
    "i1": [
        (1e-300, 5e-301), (0.001, 0.0005000000625000026), (1.0, 0.565159103992485),
        (5.0, 24.335642142450528), (7.74, 312.888984646385), (7.76, 318.8442464919125),
        (20.0, 42454973.38512777), (100.5, 1.7570892880533464e+42),
        (700.0, 1.5285003902339006e+302), (713.0, 6.700424559186402e+307),
        (-3.0, -3.9533702174026093),
    ],
}
# a, x, the lower and the upper function
INCOMPLETE = [
    (0.001, 0.5, 0.9994399333435292, 0.0005600666564707498),
    (0.001, 3.0, 0.9999869268601987, 1.3073139801213742e-05),
    (0.3, 0.001, 0.14024245892486736, 0.8597575410751326),
    (0.3, 0.6, 0.8432114320173443, 0.15678856798265575),
    (0.3, 1.2, 0.9366052804307409, 0.0633947195692591),
    (1.0, 1e-05, 9.999950000166666e-06, 0.9999900000499998),
    (1.0, 1.0, 0.6321205588285577, 0.36787944117144233),
    (1.0, 30.0, 0.9999999999999064, 9.357622968840175e-14),
    (2.5, 0.7, 0.07568672719833305, 0.924313272801667),
    (2.5, 2.4, 0.559227031913337, 0.440772968086663),
    (2.5, 8.0, 0.9931559260775795, 0.006844073922420431),
    (9.9, 9.0, 0.4253615218816132, 0.5746384781183868),
    (10.1, 12.0, 0.7478022224785489, 0.2521977775214511),
    (50.0, 30.0, 0.0005188914625480343, 0.999481108537452),
    (50.0, 50.0, 0.5188083154720433, 0.48119168452795674),
    (50.0, 90.0, 0.9999983505014983, 1.6494985017178249e-06),
    (199.0, 180.0, 0.08558219112569447, 0.9144178088743056),
    (201.0, 150.0, 4.205885786379841e-05, 0.9999579411421362),
    (201.0, 200.0, 0.4812056903213155, 0.5187943096786845),
    (201.0, 250.0, 0.9993867204638531, 0.0006132795361468573),
    (500.0, 300.0, 3.807423416288178e-26, 1.0),
    (10000.0, 9800.0, 0.022207543813969693, 0.9777924561860303),
    (10000.0, 10000.0, 0.5013298083399552, 0.4986701916600448),
    (10000.0, 10300.0, 0.9985295051036143, 0.0014704948963856813),
    (1000000.0, 1002000.0, 0.9771959041012301, 0.022804095898769864),
]
# fmt: on


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc on the path; the functions are text for a C compiler")
    folder = tmp_path_factory.mktemp("special")
    lines = [source(f"bt_{name}_{width}" for name in SPECIAL_NAMES for width in ("f64", "f32"))]
    for name in SPECIAL_NAMES:
        for width, c_type in (("f64", "double"), ("f32", "float")):
            arguments = "a[i], b[i]" if name in BINARY else "a[i]"
            lines.append(
                f"void loop_{name}_{width}({c_type} *o, const {c_type} *a, const {c_type} *b, "
                "long n) { (void)b; for (long i = 0; i < n; i++) "
                f"o[i] = bt_{name}_{width}({arguments}); }}"
            )
    (folder / "special.c").write_text("\n".join(lines))
    command = [compiler, *FLAGS.split(), "special.c", "-o", "special.so", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    library = ctypes.CDLL(str(folder / "special.so"))

    def call(name, *arguments, dtype="float64"):
        arrays = [np.ascontiguousarray(x, dtype) for x in arguments]
        out = np.empty_like(arrays[0])
        pointers = [ctypes.c_void_p(x.ctypes.data) for x in (out, arrays[0], arrays[-1])]
        getattr(library, f"loop_{name}_f{8 * out.itemsize}")(*pointers, ctypes.c_long(out.size))
        return out

    return call


@pytest.mark.parametrize("name", EXACT)
def test_a_function_of_one_operand_is_exact_to_a_few_units_in_the_last_place(compiled, name):
    x, expected = np.array(EXACT[name]).T
    found = compiled(name, x)
    # Where a sine and a cosine are subtracted, or a reflection is, the error is that of the parts.
    parts = np.zeros(x.shape)
    if name in ("j0", "j1"):
        parts = np.where(np.abs(x) > 6, 1 / np.sqrt(np.maximum(np.abs(x), 1)), 0)
    if name in ("gammaln", "psi"):
        parts = np.where(x < 0, 10, 0)
    error = np.abs(found - expected) - 2e-16 * parts
    assert (error <= 9e-16 * np.abs(expected)).all(), (x, error / np.abs(expected))


@pytest.mark.parametrize("place", [0, 1])
def test_incomplete_gamma_functions_are_exact(compiled, place):
    a, x, *expected = np.array(INCOMPLETE).T
    found = compiled(("gammainc", "gammaincc")[place], a, x)
    np.testing.assert_allclose(found, expected[place], rtol=2e-14)


REACH = {
    "erfinv": (-1, 1), "erfcinv": (0, 2), "gamma": (-20, 170), "j0": (-60, 60), "j1": (-60, 60),
    "i0": (-700, 700), "i1": (-700, 700), "erfcx": (-5, 1000), "tri_gamma": (0.01, 200),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_a_function_of_one_operand_is_scipys(compiled, name):
    low, high = REACH.get(name, (0.01, 200))
    rng = np.random.default_rng(4)
    x = np.concatenate(
        [rng.uniform(low, high, 4000), rng.uniform(max(low, -3), min(high, 3), 4000)]
    )
    reference = (lambda x: scipy.special.polygamma(1, x)) if name == "tri_gamma" else None
    expected = (reference or getattr(scipy.special, name))(x)
    # SciPy's own error is relative to the parts of a sum near zeros.
    np.testing.assert_allclose(compiled(name, x), expected, rtol=2e-13, atol=5e-15)
    single = compiled(name, x, dtype="float32")
    with np.errstate(over="ignore"):
        narrow = x.astype("float32").astype("float64")
        wide = (reference or getattr(scipy.special, name))(narrow).astype("float32")
    np.testing.assert_allclose(single, wide, rtol=2e-7, atol=1e-14)


def test_incomplete_gamma_functions_are_scipys(compiled):
    rng = np.random.default_rng(4)
    a = 10 ** rng.uniform(-3, 2.3, 6000)
    x = a * np.exp(rng.normal(0, 0.7, a.size))
    for name in ("gammainc", "gammaincc"):
        expected = getattr(scipy.special, name)(a, x)
        np.testing.assert_allclose(compiled(name, a, x), expected, rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(
            compiled(name, a, x, dtype="float32"),
            getattr(scipy.special, name)(*(v.astype("float32") for v in (a, x))),
            rtol=2e-6,
            atol=1e-37,
        )


def test_where_there_is_no_number_the_functions_say_what_numpys_values_say(compiled):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, -2.0, 2.5, 1.0])
    for name in SPECIAL_NAMES:
        given = np.meshgrid(x, x) if name in BINARY else [x]
        given = [v.ravel() for v in given]
        # SciPy's own differ from version to version.
        with np.errstate(all="ignore"):
            found, expected = compiled(name, *given), SCALAR_OPS[name].compute(*given)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), err_msg=name)
        np.testing.assert_array_equal(found[np.isinf(expected)], expected[np.isinf(expected)])


def test_far_in_the_tails_nothing_is_lost(compiled):
    assert compiled("gamma", [-171.5, 171.6, 180.0]).tolist() == pytest.approx(
        [1.9316265431712e-310, 1.5858969096673e308, np.inf], rel=1e-11
    )
    a = np.array([1e10, 1e15])
    five = compiled("gammainc", a, a - 5 * np.sqrt(a))
    np.testing.assert_allclose(five, scipy.special.ndtr(-5.0), rtol=1e-3)
    np.testing.assert_array_equal(compiled("gammainc", [3.0, 1e300], [1e300, 1.0]), [1, 0])
