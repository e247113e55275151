/* An entry point as data: registers, and instructions that a loop walks through. An instruction is the number of a
 * function, how many words it takes, and what the function reads. */
typedef union {
    int8_t i8; int16_t i16; int32_t i32; int64_t i64;
    uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64;
    float f32; double f64;
    void *p;
} bt_word;

typedef struct {
    const bt_runtime *rt;
    void *call;
    const bt_array *in;
    bt_result *out;
    bt_frame *frame;
    const char *arena;
    void **owned;
    int64_t status;
    bt_profile *profile; /* NULL: the function is not profiled */
} bt_walk;

typedef struct { int32_t at; bt_word word; } bt_constant;

/* Not 0: `status` says why the call is left. */
typedef int (*bt_step)(bt_walk *w, bt_word *r, const int32_t *k);

BT_HIDDEN void bt_walk_through(bt_walk *w, bt_word *r, const int32_t *code, int64_t count, const bt_step *steps);
BT_HIDDEN int bt_do_data(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_shape(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_stride(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_value(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_let(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_add(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_sub(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_mul(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_neg(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_div(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_rem(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_eq(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_ne(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_lt(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_le(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_gt(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_ge(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_and(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_or(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_not(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_choose(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_advance(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_parts(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_threads(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_bytes(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_load(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_store(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_take(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_give(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_move(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_check(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_check_stopped(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_hold(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_copy(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_pack(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_deliver_number(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_deliver(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_enter(bt_walk *w, bt_word *r, const int32_t *k);
BT_HIDDEN int bt_do_turn(bt_walk *w, bt_word *r, const int32_t *k);
