import os
import subprocess
import sys

import pytest

import fastsgd
from fastsgd import backend, engines
from fastsgd.program import Op, Program

WIDE = Program((Op("dense", 100, 100),), "float32")  # 60 000 operations a row
REMEDY = "numba is not installed: pip install numba"


@pytest.fixture
def only_numpy(monkeypatch):
    """A machine where no engine but the NumPy one can be loaded."""
    monkeypatch.delenv("FASTSGD_ISA", raising=False)
    load = engines.load

    def refuse(name):
        if name in ("cython", "numba"):
            raise ImportError(REMEDY if name == "numba" else "not built")
        return load(name)

    monkeypatch.setattr(engines, "load", refuse)


# -- Engines ---------------------------------------------------------------------------------------------------------
def test_every_engine_is_listed():
    table = backend.backends()
    assert list(table) == ["cython", "numba", "numpy"]
    assert table["numpy"]["available"] is True
    assert all(entry["detail"] for entry in table.values())


def test_table_tells_what_is_missing(only_numpy):
    assert backend.backends()["numba"] == {"available": False, "detail": REMEDY}


def test_auto_takes_the_first_that_is_there(only_numpy):
    assert backend.resolve("auto").name == backend.resolve().name == "numpy"


def test_what_is_chosen(engine, monkeypatch):
    assert backend.resolve(engine).name == engine
    monkeypatch.setenv("FASTSGD_BACKEND", engine)
    assert backend.get_backend() == engine
    backend.set_backend("numpy")
    assert backend.get_backend() == "numpy"
    backend.set_backend("auto")
    assert backend.get_backend() == next(n for n, e in backend.backends().items() if e["available"])


def test_what_is_not_there_raises_and_says_what_to_install(only_numpy, monkeypatch):
    for call in (backend.set_backend, backend.resolve):
        with pytest.raises(ImportError, match=r"the numba backend is not available: .*pip install numba"):
            call("numba")
    assert backend.get_backend() == "numpy"
    monkeypatch.setenv("FASTSGD_BACKEND", "cython")
    with pytest.raises(ImportError, match="cython"):
        backend.get_backend()


@pytest.mark.parametrize("isa", ["avx9", "x86-64-v3", "x86-64-v3+amx"])
def test_an_instruction_set_that_is_not_there_is_not_passed_over(only_numpy, monkeypatch, isa):
    monkeypatch.setenv("FASTSGD_ISA", isa)
    for call in (backend.resolve, backend.get_backend, lambda: backend.set_backend("auto")):
        with pytest.raises(ImportError, match="the cython backend is not available: not built"):
            call()
    assert backend.resolve("numpy").name == "numpy"
    assert backend.backends()["cython"]["available"] is False


def test_an_unknown_instruction_set_is_named():
    code = "import fastsgd; print(fastsgd.backends()['cython']); fastsgd.get_backend()"
    environment = {**os.environ, "FASTSGD_ISA": "avx9"}
    environment.pop("FASTSGD_BACKEND", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for shown in (done.stdout, done.stderr):
        assert "FASTSGD_ISA is 'avx9'; it can be x86-64-v4" in shown
    assert "ImportError" in done.stderr


def test_unknown_names(monkeypatch):
    with pytest.raises(ValueError, match="unknown backend 'numbaa': did you mean 'numba'"):
        backend.set_backend("numbaa")
    monkeypatch.setenv("FASTSGD_BACKEND", "fortran")
    with pytest.raises(ValueError, match="unknown backend 'fortran'"):
        backend.get_backend()
    with pytest.raises(ValueError, match="no engine is called"):
        engines.load("fortran")


# -- Threads ---------------------------------------------------------------------------------------------------------
def test_number_of_threads(monkeypatch):
    assert fastsgd.get_num_threads() == backend.available_cpus()
    monkeypatch.setenv("FASTSGD_NUM_THREADS", " 3 ")
    assert fastsgd.get_num_threads() == 3
    fastsgd.set_num_threads(5)
    assert fastsgd.get_num_threads() == 5
    fastsgd.set_num_threads(None)
    assert fastsgd.get_num_threads() == 3


@pytest.mark.parametrize("count", [0, -1, 2.5, True, "2"])
def test_no_number_of_threads(count):
    with pytest.raises(ValueError if count in (0, -1) else TypeError, match="num_threads must be a whole number"):
        fastsgd.set_num_threads(count)


@pytest.mark.parametrize("text", ["many", "0", "-1", "1.5"])
def test_no_number_of_threads_in_the_environment(text, monkeypatch):
    monkeypatch.setenv("FASTSGD_NUM_THREADS", text)
    with pytest.raises(ValueError, match="FASTSGD_NUM_THREADS must be a whole number"):
        fastsgd.get_num_threads()


def test_threads_of_a_prediction(monkeypatch):
    monkeypatch.setattr(backend, "available_cpus", lambda: 4)
    assert [backend.threads_for(WIDE, rows, "auto") for rows in (100, 999, 1000, 2000, 100_000)] == [1, 1, 2, 3, 4]
    backend.set_num_threads(3)
    assert backend.threads_for(WIDE, 100_000, "auto") == 3
    backend.set_num_threads(9)
    assert backend.threads_for(WIDE, 100_000, "auto") == 4
    assert backend.threads_for(WIDE, 1, 7) == 7


@pytest.mark.parametrize(
    ("rows", "steps", "expected"),
    [
        (32, 8, (1, 0)),  # all in all it is not worth the waking
        (32, 9, (2, 16)),
        (20, 1000, (1, 16)),  # a step is not, but who knows
        (100, 1, (1, 0)),
        (100, 100, (2, 16)),
        (200, 100, (3, 16)),
        (1000, 1, (4, 16)),
        (1000, 100, (13, 16)),
    ],
)
def test_threads_of_a_training(monkeypatch, rows, steps, expected):
    monkeypatch.setattr(backend, "available_cpus", lambda: 16)
    assert backend.training_threads(WIDE, rows, steps, "auto") == expected
    assert backend.training_threads(WIDE, rows, steps, 3) == (3, 0)
    backend.set_num_threads(1)
    assert backend.training_threads(WIDE, rows, steps, "auto") == (1, min(expected[1], 1))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_is_honoured():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert backend.available_cpus() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_quota_of_cgroup_version_2(tmp_path):
    write(tmp_path, cpu__max="max 100000\n")
    write(tmp_path / "a", cpu__max="150000 100000\n")
    write(tmp_path / "a" / "b", cpu__max="300000 100000\n")
    assert backend.cgroup_quota(tmp_path, {"": "/a/b"}) == 1.5
    assert backend.cgroup_quota(tmp_path, {"": "/"}) == float("inf")
    assert backend.cgroup_quota(tmp_path, {"": "/not/mounted/here"}) == float("inf")
    assert backend.cgroup_quota(tmp_path, {}) == float("inf")


def test_quota_of_cgroup_version_1(tmp_path):
    write(tmp_path / "cpu", cpu__cfs_quota_us="-1\n", cpu__cfs_period_us="100000\n")
    write(tmp_path / "cpu" / "a", cpu__cfs_quota_us="250000\n", cpu__cfs_period_us="100000\n")
    assert backend.cgroup_quota(tmp_path, {"cpu": "/a/b"}) == 2.5
    assert backend.cgroup_quota(tmp_path, {"cpu": "/"}) == float("inf")


@pytest.mark.parametrize(("quota", "cpus"), [(0.5, 1), (1.5, 1), (2.0, 2), (1e6, 3)])
def test_quota_limits_processors(quota, cpus, monkeypatch):
    monkeypatch.setattr(backend, "_own_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    assert backend.available_cpus() == cpus
