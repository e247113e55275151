"""The scalar program of a loop in C: which functions are inlined, and which are called."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from bitale_graph.extend import Load, Loop, Step
from bitale_graph.plan.dialect import C_TYPES, Spelling
from bitale_graph.plan.program import ProgramText, Table

from .c_file import CFile
from .dialect import C

# Above this many functions in one loop they are called (as vectors) rather than inlined: the text
# of one takes a compiler some 15 ms wherever it stands, and beside so much work a call is cheap.
MAX_INLINED = 8


def program_text(
    file: CFile,
    loop: Loop,
    dtypes: Sequence[str],
    loaded: Mapping[int, str],
    tables: Mapping[int, Table],
    near: Container[Step] = (),
) -> ProgramText:
    """The statements of a loop's program, whose functions are added to the file.

    The steps in ``near`` have operands within the bound of `near.BOUND`.
    """
    is_called = calls(loop)

    def note(step: Step, dtype: str, made: Spelling) -> str:
        if is_called and made.requires and step.op.arity <= 2:
            return called(file, made, step.op.arity, dtype)
        if step in near:
            (name,) = made.requires
            short = name.replace(f"_{step.op.name}_", f"_{step.op.name}_near_")
            file.vector_functions.add(short)
            return made.text.replace(f"{name}(", f"{short}(", 1)
        file.vector_functions.update(made.requires)
        return made.text

    return ProgramText(C, loop, dtypes, loaded, tables, note)


def calls(loop: Loop) -> bool:
    """Whether a loop has so many functions that they are called."""
    return sum(_is_function(s) for s in loop.steps) > MAX_INLINED


def _is_function(step: Step | Load) -> bool:
    return isinstance(step, Step) and step.op.arity == 1 and step.dtype.startswith("float")


def called(file: CFile, made: Spelling, arity: int, dtype: str) -> str:
    """The expression with its function called (on vectors, in a loop) instead of inlined."""
    (name,) = made.requires
    file.vector_functions.add(name)
    call = f"{name}_call"
    c_type = C_TYPES[dtype]
    operands = ["x", "y"][:arity]
    file.library(
        call,
        "#pragma omp declare simd notinbranch\n"
        f"BT_KERNEL {c_type} {call}({', '.join(f'{c_type} {x}' for x in operands)}) "
        f"{{ return {name}({', '.join(operands)}); }}",
    )
    return made.text.replace(f"{name}(", f"{call}(", 1)
