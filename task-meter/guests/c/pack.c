/* A task by steps in C, without any library: packs a stream as a gzip file. It keeps runs short (a byte, or a pattern of up to
 * four, again and again) and spells out all else, so it is good for plain pictures and tables, and never for what is packed.
 *
 * Input: anything. Output: what `gunzip` makes the input of again.
 *
 *     clang --target=wasm32 -O3 -nostdlib -Wl,--no-entry -o pack.wasm pack.c
 */

#include <stddef.h>
#include <stdint.h>

#define SEED 32
#define RUN_MOST 258
#define RUN_LEAST 3
#define DISTANCES 4

enum flag { CONTINUE, DONE, WAIT };

extern uint8_t __heap_base;

/* All that one step leaves to the next. */
static struct {
    uint64_t recent; /* the last eight bytes, the latest lowest */
    uint32_t total, check;
    uint32_t bits, bit_count; /* that fill no byte yet */
    uint32_t run, distance;   /* bytes that are not written yet, and how far back their like is */
} state;

/* The answer of a step: a head, the state, and what the step gives. */
static struct answer {
    uint32_t flag, state_length;
    uint8_t state[sizeof state], given[];
} *answer;
static uint8_t *end;

/* Memory for what the host writes, and behind it for an answer: a byte becomes nine bits at most. */
__attribute__((export_name("alloc"))) uint8_t *alloc(size_t length) {
    uint8_t *place = &__heap_base;
    answer = (struct answer *)(((size_t)place + length + 7) & ~(size_t)7);
    end = answer->given;
    size_t have = (size_t)__builtin_wasm_memory_size(0) << 16, need = (size_t)end + length + length / 8 + 64;
    if (need > have && __builtin_wasm_memory_grow(0, ((need - have) >> 16) + 1) == (size_t)-1)
        __builtin_trap();
    return place;
}

static void copy(uint8_t *to, const uint8_t *from, size_t length) {
    while (length--)
        *to++ = *from++;
}

static uint8_t back(uint32_t distance) {
    return (uint8_t)(state.recent >> 8 * (distance - 1));
}

/* Bits go into bytes from the lowest up. */
static void put(uint32_t bits, uint32_t count) {
    state.bits |= bits << state.bit_count;
    for (state.bit_count += count; state.bit_count >= 8; state.bit_count -= 8, state.bits >>= 8)
        *end++ = (uint8_t)state.bits;
}

/* A code of the fixed trees, whose highest bit comes first. */
static void put_code(uint32_t code, uint32_t count) {
    put(__builtin_bitreverse32(code) >> (32 - count), count);
}

static void put_symbol(uint32_t symbol) {
    if (symbol < 144)
        put_code(0x30 + symbol, 8);
    else if (symbol < 256)
        put_code(0x190 + symbol - 144, 9);
    else if (symbol < 280)
        put_code(symbol - 256, 7);
    else
        put_code(0xc0 + symbol - 280, 8);
}

static void put_match(uint32_t length, uint32_t distance) {
    uint32_t rest = length - RUN_LEAST, extra = 0;
    if (length == RUN_MOST)
        put_symbol(285);
    else {
        while (rest >> extra >= 8)
            extra++;
        put_symbol(257 + 4 * extra + (rest >> extra));
        put(rest & ((1u << extra) - 1), extra);
    }
    put_code(distance - 1, 5);
}

static void end_run(void) {
    if (state.run >= RUN_LEAST)
        put_match(state.run, state.distance);
    else
        for (; state.run > 0; state.run--)
            put_symbol(back(state.run));
    state.run = 0;
}

static void take(uint8_t byte) {
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    state.check ^= byte;
    state.check = state.check >> 4 ^ table[state.check & 15];
    state.check = state.check >> 4 ^ table[state.check & 15];
    if (state.run == RUN_MOST || (state.run && back(state.distance) != byte))
        end_run();
    if (!state.run) {
        uint32_t distance = 1;
        while (distance <= DISTANCES && (distance > state.total || back(distance) != byte))
            distance++;
        if (distance <= DISTANCES)
            state.distance = distance;
        else
            put_symbol(byte);
        state.run = distance <= DISTANCES;
    } else
        state.run++;
    state.recent = state.recent << 8 | byte;
    state.total++;
}

static void begin(void) {
    static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    for (size_t at = 0; at < sizeof head; at++)
        put(head[at], 8);
    state.check = ~0u;
    put(3, 3); /* one block, the last, with the fixed trees */
}

static void finish(void) {
    end_run();
    put_symbol(256);
    put(0, -state.bit_count & 7);
    const uint32_t words[2] = {~state.check, state.total};
    for (size_t at = 0; at < 8; at++)
        put(words[at / 4] >> 8 * (at % 4) & 255, 8);
}

static uint64_t named(const void *place, const uint8_t *behind) {
    return (uint64_t)(size_t)place << 32 | (size_t)(behind - (const uint8_t *)place);
}

/* At `own` lie 32 bytes of seed and the state, at `piece` the next piece; an empty one is the end of the input. */
__attribute__((export_name("step"))) uint64_t step(const uint8_t *own, size_t own_length, const uint8_t *piece, size_t length) {
    if (own_length == SEED)
        begin();
    else
        copy((uint8_t *)&state, own + SEED, sizeof state);
    for (size_t at = 0; at < length; at++)
        take(piece[at]);
    if (length == 0)
        finish();
    answer->flag = length == 0 ? DONE : WAIT;
    answer->state_length = sizeof state;
    copy(answer->state, (const uint8_t *)&state, sizeof state);
    return named(answer, end);
}

/* The same at once: at `place` lie 32 bytes of seed and the whole input. */
__attribute__((export_name("run"))) uint64_t run(const uint8_t *place, size_t length) {
    begin();
    for (size_t at = SEED; at < length; at++)
        take(place[at]);
    finish();
    return named(answer->given, end);
}
