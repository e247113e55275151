/* Copy an array of any strides (in bytes) to another; `rank` lengths in `n`, items of `size` bytes. */
BT_DRIVER void bt_copy(char *to, const int64_t *ts, const char *from, const int64_t *fs,
                                                      const int64_t *n, int rank, int64_t size) {
    int64_t at[BT_MAX_NDIM];
    for (int a = 0; a < rank; a++) {
        if (n[a] == 0) return;
        at[a] = 0;
    }
    int64_t length = rank ? n[rank - 1] : 1, t = rank ? ts[rank - 1] : 0, f = rank ? fs[rank - 1] : 0;
    for (;;) {
        if (t == size && f == size) __builtin_memcpy(to, from, (size_t)(length * size));
        else if (size == 4) for (int64_t i = 0; i < length; i++) __builtin_memcpy(to + i * t, from + i * f, 4);
        else if (size == 8) for (int64_t i = 0; i < length; i++) __builtin_memcpy(to + i * t, from + i * f, 8);
        else for (int64_t i = 0; i < length; i++) __builtin_memcpy(to + i * t, from + i * f, (size_t)size);
        int a = rank - 2;
        for (; a >= 0; a--) {
            to += ts[a], from += fs[a];
            if (++at[a] < n[a]) break;
            to -= n[a] * ts[a], from -= n[a] * fs[a];
            at[a] = 0;
        }
        if (a < 0) return;
    }
}
