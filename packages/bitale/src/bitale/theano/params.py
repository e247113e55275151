"""Types of the parameters of ops: several values by names, and values that have names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from bitale import Type


class Params(dict[str, Any]):
    """Values of the fields of a `ParamsType`, as attributes and by key."""

    def __init__(self, params_type: ParamsType, **values: Any) -> None:
        missing = [name for name in params_type.fields if name not in values]
        if missing:
            raise TypeError(f"parameters without a value: {', '.join(missing)}")
        super().__init__({name: values[name] for name in params_type.fields})
        self.__params_type__ = params_type

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"there is no parameter {name!r}; they are {', '.join(self)}")

    def __hash__(self) -> int:  # type: ignore[override]
        return hash((type(self), self.__params_type__))

    def __eq__(self, other: object) -> bool:
        own = self.__params_type__
        return (
            isinstance(other, Params)
            and own == other.__params_type__
            and own.values_eq(self, other)
        )

    def __ne__(self, other: object) -> bool:
        return not self == other


class ParamsType(Type):
    """A type of several values: ``ParamsType(axis=scalar.int64, weights=dvector)``.

    Parameters
    ----------
    **fields : Type
        The type of each value.

    Raises
    ------
    TypeError
        If there is none, or one is no type.
    """

    def __init__(self, **fields: Type) -> None:
        for name, one in fields.items():
            if not isinstance(one, Type):
                raise TypeError(f"the parameter {name!r} is of a type, and not {one!r:.60}")
        if not fields:
            raise TypeError("a ParamsType has one parameter or more")
        self.fields = tuple(sorted(fields))
        self.types = tuple(fields[name] for name in self.fields)
        self.length = len(self.fields)
        told = [name for one in set(self._enums()) for name in one.names()]
        twice = sorted({name for name in told if told.count(name) > 1})
        if twice:
            raise AttributeError(f"several types of parameters name {', '.join(twice)}")

    @property
    def name(self) -> str:
        """A name that tells the type from others."""
        return f"_Params_{hashlib.sha256(repr(self).encode()).hexdigest()}"

    def __getattr__(self, name: str) -> Any:
        # A constant of an enumeration among the types, as in Theano.
        for one in self._enums() if "types" in vars(self) else ():
            if name in one.constants:
                return one.constants[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def _enums(self) -> list[EnumType]:
        return [one for one in self.types if isinstance(one, EnumType)]

    def get_enum(self, key: str) -> Any:
        """The constant of a name, in any of the types."""
        return getattr(self, key)

    def enum_from_alias(self, alias: str) -> Any:
        """The constant of an alias or a name, in any of the types."""
        for one in self._enums():
            if one.has_alias(alias):
                return one.fromalias(alias)
        return self.get_enum(alias)

    def has_type(self, one: Type) -> bool:
        """Whether a parameter is of a type."""
        return one in self.types

    def get_type(self, name: str) -> Type:
        """The type of a parameter."""
        return self.types[self.fields.index(name)]

    def get_field(self, one: Type) -> str:
        """The first parameter of a type."""
        return self.fields[self.types.index(one)]

    def get_params(self, *objects: Any, **values: Any) -> Params:
        """The parameters: those that are given, and of others the attributes of objects.

        Raises
        ------
        TypeError
            If a value is missing or of another type.
        """
        found = dict(values)
        for name in self.fields:
            for one in objects if name not in found else ():
                if hasattr(one, name):
                    found[name] = getattr(one, name)
                    break
        return self.filter(Params(self, **found))

    def filter(
        self, value: Any, strict: bool = False, allow_downcast: bool | None = None
    ) -> Params:
        """The parameters that an object has as attributes, each as its type has it."""
        found = {}
        for name, one in zip(self.fields, self.types, strict=True):
            if not hasattr(value, name):
                raise TypeError(f"{value!r:.60} has no parameter {name!r}")
            made = one.filter(getattr(value, name), strict, allow_downcast)
            found[name] = made[()] if getattr(made, "ndim", None) == 0 else made
        return Params(self, **found)

    def values_eq(self, a: Any, b: Any) -> bool:
        """Whether all parameters are equal."""
        pairs = zip(self.fields, self.types, strict=True)
        return all(_same(one.values_eq, a[name], b[name]) for name, one in pairs)

    def values_eq_approx(self, a: Any, b: Any) -> bool:
        """Whether all parameters are equal but for rounding."""
        pairs = zip(self.fields, self.types, strict=True)
        return all(_same(one.values_eq_approx, a[name], b[name]) for name, one in pairs)

    def extended(self, **fields: Type) -> ParamsType:
        """The type with more parameters."""
        return ParamsType(**dict(zip(self.fields, self.types, strict=True)), **fields)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self.fields, self.types))

    def __repr__(self) -> str:
        told = ", ".join(f"{n}:{t}" for n, t in zip(self.fields, self.types, strict=True))
        return f"ParamsType<{told}>"


def _same(equal: Callable[[Any, Any], bool], a: Any, b: Any) -> bool:
    """Whether two values of a type are equal; any object may be an array, of which it asks more."""
    try:
        return bool(equal(a, b))
    except ValueError:
        return np.array_equal(a, b)


class EnumType(Type):
    """Numbers that have names: ``EnumType(CONSTANT=1, OTHER=2.5)``; a pair gives an alias too."""

    def __init__(self, **constants: Any) -> None:
        self.ctype = constants.pop("ctype", "double")
        self.cname = constants.pop("cname", None)
        self.aliases = {v[0]: k for k, v in constants.items() if isinstance(v, tuple)}
        self.constants = {k: v[1] if isinstance(v, tuple) else v for k, v in constants.items()}
        for name, value in self.constants.items():
            if not isinstance(value, (int, float)):
                raise TypeError(f"the constant {name!r} is a number, and not {value!r:.60}")

    def __getattr__(self, name: str) -> Any:
        constants = vars(self).get("constants", {})
        if name in constants:
            return constants[name]
        raise AttributeError(f"{type(self).__name__} has no constant {name!r}")

    def names(self) -> list[str]:
        """The names of the constants, and their aliases."""
        return [*self.constants, *self.aliases]

    def fromalias(self, alias: str) -> Any:
        """The number that has an alias, or a name."""
        return self.constants[self.aliases.get(alias, alias)]

    def has_alias(self, alias: str) -> bool:
        """Whether a number has an alias."""
        return alias in self.aliases

    def get_aliases(self) -> tuple[str, ...]:
        """All aliases."""
        return tuple(sorted(self.aliases))

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """The number, given as itself or, unless ``strict``, by its name or alias."""
        if (
            not strict
            and isinstance(value, str)
            and self.aliases.get(value, value) in self.constants
        ):
            return self.fromalias(value)
        if value not in self.constants.values():
            raise TypeError(f"{value!r:.60} is none of {', '.join(self.constants)}")
        return value

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *self.constants.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}:{v}' for k, v in self.constants.items())})"


class EnumList(EnumType):
    """Names of the numbers 0, 1, 2 and so on: ``EnumList("A", ("B", "alias"))``."""

    def __init__(self, *names: Any, **keywords: Any) -> None:
        keywords.setdefault("ctype", "int")
        pairs = [one if isinstance(one, tuple) else (one, None) for one in names]
        super().__init__(
            **{name: k if alias is None else (alias, k) for k, (name, alias) in enumerate(pairs)},
            **keywords,
        )


__all__ = ["EnumList", "EnumType", "Params", "ParamsType"]
