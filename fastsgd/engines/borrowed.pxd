# cython: language_level=3
# Head of the generated kernels.pxd: the names that the kernels borrow, as engine.h defines them.
cimport cython
from libc.stdint cimport int64_t, uint64_t

cdef extern from "engine.h" nogil:
    # RECORDS
    ctypedef float real_t
    ctypedef real_t *reals
    ctypedef real_t *apart
    ctypedef double *doubles
    ctypedef int64_t *ints
    ctypedef TaskRecord *Task
    ctypedef LayerRecord *Layer
    ctypedef PieceRecord *Piece

    bint DOUBLE
    int64_t ZERO, BIAS, ADD, BIAS_RELU, RELU_SLOPE, ROWS, ONE, COLUMNS, LANES, HAS_UNIT, SPAN, TILE_ROWS, GRADIENT_ROWS, REAL_BYTES, SCRATCH
    real_t real(double)
    double f8(double)
    int64_t i64(uint64_t)
    uint64_t u64(int64_t)

    real_t where(bint, real_t, real_t)
    real_t minimum(real_t, real_t)
    real_t maximum(real_t, real_t)
    real_t muladd(real_t, real_t, real_t)
    real_t absolute(real_t)
    real_t sqrt "square_root"(real_t)
    real_t floor "round_down"(real_t)
    real_t pow2(real_t)
    real_t exponent(real_t)
    real_t mantissa(real_t)

    void full_width()
    void short_loops()
    Task task(int64_t)
    Layer layer(Task, int64_t)
    Piece piece(Task, int64_t)
    reals to_reals(int64_t)
    doubles to_doubles(int64_t)
    ints to_ints(int64_t)
    reals at(reals, int64_t)
    doubles doubles_at(doubles, int64_t)
    ints ints_at(ints, int64_t)
    void call_activation(int64_t, reals, reals, int64_t, reals)
    void call_product(int64_t, reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals, int64_t, int64_t)
    void call_loss(int64_t, reals, reals, reals, ints, int64_t, int64_t, int64_t, int64_t, int64_t, real_t, reals, doubles)
    void call_point(int64_t, reals, reals, reals, real_t, reals, doubles)
    void call_judge(int64_t, reals, reals, reals, int64_t, int64_t, int64_t, real_t, reals, reals, doubles)
    void call_update(int64_t, reals, reals, reals, reals, reals, int64_t, reals)
    void call_block(int64_t, int64_t, ints, int64_t, int64_t, int64_t, int64_t, real_t, int64_t, int64_t, reals)
    void call_settle(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, reals)
    void call_finish(int64_t, int64_t, int64_t, reals)
    void call_forward(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)
    void call_learn(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, reals)
    void call_descend(int64_t, reals, int64_t, int64_t, reals, reals, reals, reals, reals, reals, int64_t, int64_t, reals)
    void call_line(int64_t, reals, reals, reals, reals, reals, reals, int64_t, reals)
    void call_rank(int64_t, reals, reals, reals, reals, reals, reals, int64_t, int64_t, reals)

    void tile_full(reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals)
    void tile8(reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals)
    void tile4(reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals)
    void tile2(reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals)
    void tile1(reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals)
    void narrow_tile(int64_t, reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals, int64_t)
    void gradient_tile(reals, int64_t, int64_t, reals, reals, int64_t)
    void gradient_full(reals, int64_t, int64_t, reals, reals, int64_t)
    void gemv(reals, int64_t, int64_t, reals, int64_t, reals, reals, int64_t, int64_t)
    void dots(reals, int64_t, int64_t, reals, int64_t, int64_t, reals)
    void prefetch(reals)
    void prefetch_second(reals)
    real_t dot(reals, int64_t, reals, int64_t, int64_t, int64_t)
    void copy(reals, reals, int64_t)
    void lay(reals, reals, int64_t)
    void transpose(reals, int64_t, reals, int64_t)
    void unit_on()
    void unit_off()
    void split(reals, reals, reals)
    void unit_product(reals, reals, int64_t, reals, int64_t, reals, int64_t)

    int64_t load_acquire(int64_t)
    void store_release(int64_t, int64_t)
    void relax(int64_t)
    int64_t subnormals_off()
    void subnormals_back(int64_t)

