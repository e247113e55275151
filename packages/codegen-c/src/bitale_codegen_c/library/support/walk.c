/* Instructions, each with the registers and numbers that it takes after it. */
#define R(n) r[k[n]]
#define DO(name) BT_SHARED(2) int bt_do_##name(bt_walk *w, bt_word *r, const int32_t *k)
#define UNUSED (void)w, (void)r, (void)k

static int failed(bt_walk *w, int64_t node, int64_t code) {
    w->status = node << 8 | code;
    return 1;
}

/* What is given: an index of `in`, then an axis or a size. */
DO(data) { UNUSED; R(0).p = w->in[k[1]].data; return 0; }
DO(shape) { UNUSED; R(0).i64 = w->in[k[1]].shape[k[2]]; return 0; }
DO(stride) { UNUSED; R(0).i64 = w->in[k[1]].strides[k[2]] / k[3]; return 0; }
DO(value) { UNUSED; __builtin_memcpy(&R(0), w->in[k[1]].data, (size_t)k[2]); return 0; }

/* Arithmetic of int64. Both sides of a choice are computed, so a quotient by 0 is 0. */
DO(let) { UNUSED; R(0) = R(1); return 0; }
DO(add) { UNUSED; R(0).u64 = R(1).u64 + R(2).u64; return 0; }
DO(sub) { UNUSED; R(0).u64 = R(1).u64 - R(2).u64; return 0; }
DO(mul) { UNUSED; R(0).u64 = R(1).u64 * R(2).u64; return 0; }
DO(neg) { UNUSED; R(0).u64 = -R(1).u64; return 0; }
DO(div) { UNUSED; R(0).i64 = R(2).i64 == 0 ? 0 : R(2).i64 == -1 ? (int64_t)-R(1).u64 : R(1).i64 / R(2).i64; return 0; }
DO(rem) { UNUSED; R(0).i64 = R(2).i64 == 0 || R(2).i64 == -1 ? 0 : R(1).i64 % R(2).i64; return 0; }
DO(eq) { UNUSED; R(0).i64 = R(1).i64 == R(2).i64; return 0; }
DO(ne) { UNUSED; R(0).i64 = R(1).i64 != R(2).i64; return 0; }
DO(lt) { UNUSED; R(0).i64 = R(1).i64 < R(2).i64; return 0; }
DO(le) { UNUSED; R(0).i64 = R(1).i64 <= R(2).i64; return 0; }
DO(gt) { UNUSED; R(0).i64 = R(1).i64 > R(2).i64; return 0; }
DO(ge) { UNUSED; R(0).i64 = R(1).i64 >= R(2).i64; return 0; }
DO(and) { UNUSED; R(0).i64 = R(1).i64 && R(2).i64; return 0; }
DO(or) { UNUSED; R(0).i64 = R(1).i64 || R(2).i64; return 0; }
DO(not) { UNUSED; R(0).i64 = !R(1).i64; return 0; }
DO(choose) { UNUSED; R(0) = R(1).i64 ? R(2) : R(3); return 0; }
DO(advance) { UNUSED; R(0).p = (char *)R(1).p + R(2).i64 * k[3]; return 0; }
DO(parts) { UNUSED; R(0).i64 = bt_parts(w->rt, R(1).i64); return 0; }
DO(threads) { UNUSED; R(0).i64 = w->rt->threads; return 0; }

/* Bytes of an item, how many lengths, and these. */
DO(bytes) {
    UNUSED;
    size_t size = (size_t)k[1];
    for (int a = 0; a < k[2]; a++) size = bt_times(R(3 + a).u64, size);
    R(0).u64 = size;
    return 0;
}

/* Memory: an element's size stands last. */
DO(load) { UNUSED; __builtin_memcpy(&R(0), (char *)R(1).p + R(2).i64 * k[3], (size_t)k[3]); return 0; }
DO(store) { UNUSED; __builtin_memcpy((char *)R(0).p + R(1).i64 * k[3], &R(2), (size_t)k[3]); return 0; }

/* A pointer, the buffer, its size, whether it is kept, a node. */
DO(take) {
    UNUSED;
    R(0).p = w->owned[k[1]] = bt_take(w->frame, R(2).u64, k[3]);
    if (w->profile) bt_took(w->profile, k[4], k[1], R(2).u64);
    return R(0).p ? 0 : failed(w, k[4], BT_OUT_OF_MEMORY);
}

DO(give) {
    UNUSED;
    if (w->profile) bt_gave(w->profile, k[0]);
    bt_give(w->frame, w->arena, &w->owned[k[0]]);
    return 0;
}

/* The buffer that has it, the one that had it, a pointer. */
DO(move) {
    UNUSED;
    R(2).p = w->owned[k[0]] = w->owned[k[1]];
    w->owned[k[1]] = NULL;
    if (w->profile) bt_moved(w->profile, k[0], k[1]);
    return 0;
}

/* A node, which is profiled. */
DO(enter) { UNUSED; bt_enter(w->profile, k[0]); return 0; }
DO(turn) { UNUSED; bt_turn(w->profile, k[0]); return 0; }

DO(check) { UNUSED; return R(0).i64 ? 0 : failed(w, k[1], BT_CHECK_FAILED); }
DO(check_stopped) { UNUSED; return ((bt_call *)w->call)->is_stopped ? failed(w, 0, BT_CALLBACK_RAISED) : 0; }
DO(hold) { UNUSED; ((bt_call *)w->call)->is_held = 1; return 0; }

static void copy(const bt_runtime *rt, bt_word to, bt_word from, const bt_word *r, const int32_t *lengths, const int32_t *ts,
                 const int32_t *fs, int rank, int64_t size) {
    int64_t n[BT_MAX_NDIM], t[BT_MAX_NDIM], f[BT_MAX_NDIM];
    for (int a = 0; a < rank; a++) n[a] = r[lengths[a]].i64, t[a] = r[ts[a]].i64 * size, f[a] = r[fs[a]].i64 * size;
    rt->copy(rt, to.p, t, from.p, f, n, rank, size);
}

/* To, from, rank, size; lengths, strides of to, strides of from. */
DO(copy) {
    UNUSED;
    copy(w->rt, R(0), R(1), r, k + 4, k + 4 + k[2], k + 4 + 2 * k[2], k[2], k[3]);
    return 0;
}

/* A pointer, the buffer, whether it fits as it lies, the array, a node, rank, size; its lengths, its strides, those of a
 * contiguous one, and where strides go, if they do. */
DO(pack) {
    UNUSED;
    const int rank = k[5];
    const int32_t *lengths = k + 8, *strides = lengths + rank, *packed = strides + rank, *to = packed + rank;
    for (int a = 0; k[7] && a < rank; a++) r[to[a]] = r[strides[a]];
    R(0) = R(3);
    if (R(2).i64) return 0;
    size_t size = (size_t)k[6];
    for (int a = 0; a < rank; a++) size = bt_times(r[lengths[a]].u64, size);
    R(0).p = w->owned[k[1]] = bt_take(w->frame, size, 0);
    if (!R(0).p) return failed(w, k[4], BT_OUT_OF_MEMORY);
    if (w->profile) bt_took(w->profile, k[4], k[1], size);
    copy(w->rt, R(0), R(3), r, lengths, packed, strides, rank, k[6]);
    for (int a = 0; k[7] && a < rank; a++) r[to[a]] = r[packed[a]];
    return 0;
}

/* A place of `out`, a number, its size. */
DO(deliver_number) { UNUSED; __builtin_memcpy(w->out[k[0]].value, &R(1), (size_t)k[2]); return 0; }

/* A place of `out`, a pointer, its buffer, rank, lengths. */
DO(deliver) {
    UNUSED;
    w->out[k[0]].data = R(1).p;
    w->owned[k[2]] = NULL;
    for (int a = 0; a < k[3]; a++) w->out[k[0]].shape[a] = R(4 + a).i64;
    return 0;
}

BT_SHARED(2) void bt_walk_through(bt_walk *w, bt_word *r, const int32_t *code, int64_t count, const bt_step *steps) {
    for (const int32_t *end = code + count; code < end; code += code[1])
        if (steps[code[0]](w, r, code + 2)) return;
}
