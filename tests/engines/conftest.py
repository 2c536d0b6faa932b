import pytest
from engine_jobs import ALL, COMPILED, EMULATION, UNIT, Trainer


@pytest.fixture(params=COMPILED)
def compiled_engine(request):
    return COMPILED[request.param]()


@pytest.fixture(params=ALL)
def any_engine(request):
    return ALL[request.param]()


@pytest.fixture(params=UNIT or EMULATION)
def unit_engine(request):
    return (UNIT or EMULATION)[request.param]()


@pytest.fixture
def trainer():
    return Trainer
