"""The source as Cython wants it: the text without annotations, and a .pxd that is made from them.

Every parameter and every local that is not a 64-bit counter says in the source what it is; here that becomes C types,
so that nothing is left to Cython's inference (which makes a double of a float that is assigned twice). Standard library
only, as the build runs it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

Records = dict[str, dict[str, str]]
TYPES = {
    "real": "real_t", "f8": "double", "i64": "int64_t", "u64": "uint64_t", "None": "void",
    "reals": "real_t *", "doubles": "double *", "ints": "int64_t *", "Task": "TaskRecord *", "Layer": "LayerRecord *",
    "Piece": "PieceRecord *", "apart": "apart",
}  # fmt: skip


def c_type(annotation: ast.expr | None, where: str) -> str:
    name = ast.unparse(annotation) if annotation else ""
    if name not in TYPES:
        raise TypeError(f"{where}: {name or 'a missing annotation'} is none of {', '.join(TYPES)}")
    return TYPES[name]


def locals_of(function: ast.FunctionDef) -> dict[str, str]:
    """C types of the names a function assigns: as annotated, and int64_t for the rest."""
    parameters = {a.arg for a in function.args.args}
    found: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = c_type(node.annotation, f"{function.name}: {node.target.id}")
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in parameters:
            found.setdefault(node.id, "int64_t")
    return found


def declaration(function: ast.FunctionDef) -> str:
    """One function's line; formulas, which return a number, are inlined so that the loops round them vectorise."""
    name = function.name
    arguments = ", ".join(f"{c_type(a.annotation, name)} {a.arg}" for a in function.args.args)
    variables = ", ".join(f"{n}={cython_name(t)}" for n, t in locals_of(function).items())
    decorator = f"@cython.locals({variables})\n" if variables else ""
    inline = "inline " if c_type(function.returns, name) in ("real_t", "uint64_t") else ""
    return f"{decorator}cdef {inline}{c_type(function.returns, name)} {name}({arguments}) noexcept nogil\n"


def cython_name(c: str) -> str:
    """A C type as an expression in a .pxd: pointers by their typedef."""
    return {v: k for k, v in TYPES.items()}[c] if c.endswith("*") else c


def pxd(text: str, records: Records, constants: Mapping[str, int], borrowed: str) -> str:
    """Declarations of all functions; ``borrowed`` is the head that names what ``engine.h`` lends."""
    structs = f"    int64_t {', '.join(constants)}\n"
    for name, fields in records.items():
        structs += f"    ctypedef struct {name}:\n" + "".join(f"        {TYPES[t]} {f}\n" for f, t in fields.items())
    functions = [declaration(node) for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return borrowed.replace("    # RECORDS\n", structs) + "\n".join(functions)


def header(records: Records, constants: Mapping[str, int]) -> str:
    """The records as C structs, and the constants."""
    enum = ", ".join(f"{name} = {value}" for name, value in constants.items())
    return f"enum {{ {enum} }};\n" + "".join(
        f"struct {name} {{\n" + "".join(f"    {TYPES[t]} {f};\n" for f, t in fields.items()) + "};\n"
        + f"typedef struct {name} {name};\n"
        for name, fields in records.items()
    )  # fmt: skip


class _Strip(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        assert node.value is not None
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def stripped(text: str) -> str:
    """The text without annotations."""
    return ast.unparse(ast.fix_missing_locations(_Strip().visit(ast.parse(text)))) + "\n"
