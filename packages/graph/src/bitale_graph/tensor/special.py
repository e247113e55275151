"""Special functions and complex numbers, one row each, as `functions` has them.

NumPy's values of special functions are SciPy's. It is asked for when a value is computed, and not
before: an expression, and machine code of what there is text for, do without.
"""

from typing import Any as _Any

from . import rows as _rows
from . import special_values as _values
from .rows import COMPLEX as _COMPLEX
from .rows import function as _function
from .scalar import TRANSCENDENTAL as _TRANSCENDENTAL
from .special_values import special as _special

_FACTS: dict[str, _Any] = {"refuses": _COMPLEX, "cost": 5 * _TRANSCENDENTAL}
_CALLED: dict[str, _Any] = {"is_called": True, **_FACTS}

# Error functions
erfcx = _function(
    "erfcx", _special("erfcx"), "exp(x**2) erfc(x), where erfc is too small.", -1, **_FACTS
)
erfinv = _function("erfinv", _special("erfinv"), "The inverse of erf.", -0.9, 0.9, **_FACTS)
erfcinv = _function("erfcinv", _special("erfcinv"), "The inverse of erfc.", 0.1, 1.9, **_FACTS)
ndtri_exp = _function(
    "ndtri_exp",
    _special("ndtri_exp"),
    "The x whose normal distribution function is exp(y).",
    -3,
    -0.1,
    **_CALLED,
)
owens_t = _function(
    "owens_t", _special("owens_t"), "Owen's T function of h and a.", arity=2, **_CALLED
)

# The gamma function, and what is made of it
gamma = _function(
    "gamma",
    _values.gamma,
    "The gamma function; NaN at negative whole numbers.",
    0.3,
    4,
    **_FACTS,
)
gammaln = _function(
    "gammaln", _values.gammaln, "The logarithm of the size of gamma(x).", 0.3, 4, **_FACTS
)
psi = _function("psi", _values.psi, "The derivative of gammaln.", 0.3, 4, **_FACTS)
tri_gamma = _function("tri_gamma", _values.tri_gamma, "The derivative of psi.", 0.3, 4, **_FACTS)
polygamma = _function(
    "polygamma",
    _values.polygamma,
    "The derivative of psi of order n, for whole n from 0; NaN for others.",
    arity=2,
    domain=((0, 3), (1, 4)),
    whole=(0,),
    no_gradient=(0,),
    **_CALLED,
)
_POSITIVE = ((0.4, 4), (0.3, 4))
gammainc = _function(
    "gammainc",
    _values.special_of_numbers("gammainc"),
    "The lower incomplete gamma function of a and x, of 1 in all.",
    arity=2,
    domain=_POSITIVE,
    no_gradient=(0,),
    **_FACTS,
)
gammaincc = _function(
    "gammaincc",
    _values.special_of_numbers("gammaincc"),
    "The upper incomplete gamma function of a and x, of 1 in all.",
    arity=2,
    domain=_POSITIVE,
    no_gradient=(0,),
    **_FACTS,
)
_SHARE = ((0.4, 4), (0.1, 0.9))
gammaincinv = _function(
    "gammaincinv",
    _values.special_of_numbers("gammaincinv"),
    "The x for which gammainc(a, x) is y.",
    arity=2,
    domain=_SHARE,
    no_gradient=(0,),
    **_CALLED,
)
gammainccinv = _function(
    "gammainccinv",
    _values.special_of_numbers("gammainccinv"),
    "The x for which gammaincc(a, x) is y.",
    arity=2,
    domain=_SHARE,
    no_gradient=(0,),
    **_CALLED,
)
beta = _function(
    "beta", _special("beta"), "gamma(a) gamma(b) / gamma(a + b).", 0.4, arity=2, **_CALLED
)
betaln = _function(
    "betaln",
    _special("betaln"),
    "The logarithm of the size of beta(a, b).",
    0.4,
    arity=2,
    **_CALLED,
)
betainc = _function(
    "betainc",
    _special("betainc"),
    "The incomplete beta function of a and b up to x, of 1 in all.",
    arity=3,
    domain=((0.4, 3), (0.4, 3), (0.1, 0.9)),
    no_gradient=(0, 1),
    **_CALLED,
)
poch = _function(
    "poch",
    _special("poch"),
    "The rising factorial gamma(x + m) / gamma(x).",
    0.4,
    arity=2,
    **_CALLED,
)
hyp2f1 = _function(
    "hyp2f1",
    _special("hyp2f1"),
    "Gauss's hypergeometric function of a, b, c and x.",
    arity=4,
    domain=((0.4, 2), (0.4, 2), (2.5, 4), (-0.8, 0.8)),
    no_gradient=(0, 1, 2),
    **_CALLED,
)

# Cylinder functions
_CYLINDER: dict[str, _Any] = {
    "arity": 2,
    "domain": ((0, 3), (0.5, 4)),
    "no_gradient": (0,),
    **_CALLED,
}
# To a few ulp up to 1e300 but beside zeros, where the error is that of the numbers around.
j0 = _function("j0", _values.j0, "The Bessel function of order 0.", -2, 2, **_FACTS)
j1 = _function("j1", _values.j1, "The Bessel function of order 1.", -3, 3, **_FACTS)
jv = _function(
    "jv", _special("jv"), "The Bessel function of the first kind of order v.", **_CYLINDER
)
i0 = _function("i0", _special("i0"), "The modified Bessel function of order 0.", **_FACTS)
i1 = _function("i1", _special("i1"), "The modified Bessel function of order 1.", **_FACTS)
iv = _function("iv", _special("iv"), "The modified Bessel function of order v.", **_CYLINDER)
ive = _function("ive", _special("ive"), "``exp(-|x|) iv(v, x)``, which stays small.", **_CYLINDER)
kv = _function(
    "kv", _special("kv"), "The modified Bessel function of the second kind.", **_CYLINDER
)
kve = _function("kve", _special("kve"), "exp(x) kv(v, x).", **_CYLINDER)

# Complex numbers
real = _rows.of_complex(
    _rows.row("real", 1, _rows.real, "The real part.", result=_rows.modulus), "itself"
)
imag = _rows.of_complex(
    _rows.row("imag", 1, _rows.imag, "The imaginary part.", result=_rows.modulus), "zero"
)
conj = _rows.of_complex(
    _rows.row("conj", 1, _rows.conjugate, "The number with the imaginary part negated."), "itself"
)
angle = _function(
    "angle",
    _rows.angle,
    "The angle in the plane of complex numbers, in float64.",
    result=lambda dtype: "float64",
    kinks="zero",
)
complex = _function(
    "complex",
    _rows.complex_of,
    "The complex number of a real and an imaginary part.",
    arity=2,
    cost=1,
    is_called=True,
    refuses=_COMPLEX,
    result=_rows.complex_dtype,
)
