"""Build of the compiled engine: the kernels once through Cython, their C once per number type and instruction set.

The extensions are optional: without a C compiler the package installs all the same and Numba serves. Set
``FASTSGD_REQUIRE_EXTENSIONS=1`` to make a failure to build them an error (the tests and the wheels do).
"""

import os
import platform
import subprocess
import sys
import sysconfig
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

ROOT = Path(__file__).parent
KERNELS, ENGINES = ROOT / "fastsgd" / "kernels", ROOT / "fastsgd" / "engines"
GENERATED = Path("build") / "kernels"
MADE_WITH = GENERATED / "made_with.txt"  # beside the C files: if it is newer than an extension, that is built anew
REQUIRED = os.environ.get("FASTSGD_REQUIRE_EXTENSIONS", "") not in ("", "0")

X86 = "win-amd64" in sysconfig.get_platform() or platform.machine().lower() in ("x86_64", "amd64")
X86 = X86 and "arm64" not in os.environ.get("ARCHFLAGS", "")
UNIX = ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math", "-Wno-unused-function"]
# These let the loops round formulas vectorise, and keep them short: every formula inline, and of GCC's passes no
# shortcuts through its clamps (0.9 of a step with softplus), and no 16 lines instead of a loop of 16.
UNIX += ["-DCYTHON_INLINE=inline __attribute__((always_inline))", "-fno-thread-jumps"]
UNIX += ["--param=max-completely-peel-times=8"]
# These two keep the engines equal, bit for bit: no fused multiply-adds but our own, no silent doubles.
UNIX += ["-ffp-contract=off", "-Werror=double-promotion"]
LEVELS = {"baseline": ([], [])}  # name: (GCC and Clang, MSVC)
if X86:
    LEVELS["v3"] = (["-march=x86-64-v3"], ["/arch:AVX2"])
    LEVELS["v4"] = (["-march=x86-64-v4", "-mprefer-vector-width=512"], ["/arch:AVX512"])
NAMES = [f"{level}_{dtype}" for level in LEVELS for dtype in ("float32", "float64")]


class Build(build_ext):
    """build_ext that knows the flags of each level, and compiles several extensions at a time."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        self.unit = self.knows_matrix_unit()
        write(MADE_WITH, self.made_with())
        super().build_extensions()

    def made_with(self):
        """Compiler, its version and options, whether it knows the matrix unit, and what the C files include."""
        commands = [getattr(self.compiler, name, None) for name in ("compiler_so", "linker_so")]
        try:
            version = subprocess.run([commands[0][0], "--version"], capture_output=True).stdout
        except (OSError, TypeError):  # there is no compiler, or none of Unix
            version = b""
        files = [Path(__file__), *sorted(ENGINES.glob("*.h"))]
        return f"{commands} {self.unit} {sha256(version + b''.join(file.read_bytes() for file in files)).hexdigest()}\n"

    def build_extension(self, ext):
        level, _, dtype = ext.name.split(".")[-2].partition("_")
        unix, msvc = LEVELS[level]
        windows = self.compiler.compiler_type == "msvc"
        ext.extra_compile_args = ["/O2", "/fp:precise", "/std:c11", *msvc] if windows else [*UNIX, *unix]
        ext.define_macros = [("FASTSGD_DOUBLE", "1")] if dtype == "float64" else []
        if (level, dtype) == ("v4", "float32") and sys.platform == "linux" and self.unit:
            ext.define_macros = [("HAS_UNIT", "1")]
        try:
            super().build_extension(ext)
        except Exception:
            for old in (Path(self.get_ext_fullpath(ext.name)), *Path(*ext.name.split(".")[:-1]).glob("kernels.*")):
                old.unlink(missing_ok=True)  # else it would serve, made of other sources
            raise

    def knows_matrix_unit(self):
        """Whether compiler and assembler are new enough for AMX."""
        with TemporaryDirectory() as folder:
            source = Path(folder, "amx.c")
            source.write_text('void sum(void) { __asm__ volatile("tdpbf16ps %tmm2, %tmm1, %tmm0"); }')
            try:
                self.compiler.compile([str(source)], output_dir=folder)
            except CompileError:
                return False
        return True

    def run(self):
        super().run()
        if not self.inplace:  # `python -m fastsgd` in the checkout takes the package there: let it find them, too
            self.copy_extensions_to_source()

    def copy_extensions_to_source(self):  # nobody makes these folders, as they are not packages
        for ext in self.extensions:
            Path(*ext.name.split(".")[:-1]).mkdir(parents=True, exist_ok=True)
        super().copy_extensions_to_source()


def generate():
    """kernels.py, kernels.pxd and records.h from the source, then kernels.c."""
    from Cython.Build import cythonize

    # fastsgd itself wants NumPy, and what is built here; its kernels want nothing, so they are a package of their own.
    package = sys.modules["kernels"] = ModuleType("kernels")
    package.__path__ = [str(KERNELS)]
    from kernels import records, typed
    from kernels.source.text import text

    structs = {"LayerRecord": records.LAYER, "TaskRecord": records.TASK, "PieceRecord": records.PIECE}
    made = {
        "kernels.py": typed.stripped(text()) + f"RECORDS = {records.stamp()}\nUNIT = bool(HAS_UNIT)\n",
        "kernels.pxd": typed.pxd(text(), structs, records.CONSTANTS, (ENGINES / "borrowed.pxd").read_text()),
        "records.h": typed.header(structs, records.CONSTANTS),
    }
    GENERATED.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        write(GENERATED / name, content)
    cythonize(
        [Extension("kernels", [str(GENERATED / "kernels.py")])],
        compiler_directives={"infer_types": False, "cdivision": True, "boundscheck": False, "wraparound": False},
        language_level=3,
        force=True,  # another Cython writes another C file
    )
    for name in NAMES:  # one C file, but the compiler's output is named after its place
        (GENERATED / name).mkdir(exist_ok=True)
        write(GENERATED / name / "kernels.c", (GENERATED / "kernels.c").read_text("utf-8"))


def write(path, content):
    """Only what has changed: what is older than the extension is not compiled again."""
    if not path.exists() or path.read_text("utf-8") != content:
        path.write_text(content, "utf-8")


def extensions():
    try:
        generate()
    except Exception as error:
        if REQUIRED:
            raise
        print(f"fastsgd: the compiled engine is left out, Numba will serve: {type(error).__name__}: {error}")
        return []
    return [
        Extension(
            f"fastsgd.engines.native.{name}.kernels",
            [str(GENERATED / name / "kernels.c")],
            include_dirs=[str(GENERATED), str(ENGINES)],
            depends=[str(GENERATED / "records.h"), str(MADE_WITH)],
            optional=not REQUIRED,
        )
        for name in NAMES
    ]


setup(ext_modules=extensions(), cmdclass={"build_ext": Build})
