/* A pure task in C, without any library: three sources of waves in a square pond, as a BMP picture.
 *
 * Input: nothing, or up to 32 bytes; each pair moves a source. Output: the picture.
 *
 *     clang --target=wasm32 -O3 -nostdlib -Wl,--no-entry -o waves.wasm waves.c
 */

#include <stddef.h>
#include <stdint.h>

#define SIDE 480
#define SOURCES 3

extern uint8_t __heap_base;
static uint8_t picture[54 + SIDE * SIDE * 3];

/* Memory for what the host writes before it calls `run`; one task needs it once. */
__attribute__((export_name("alloc"))) uint8_t *alloc(size_t length) {
    size_t have = (size_t)__builtin_wasm_memory_size(0) << 16;
    size_t need = (size_t)&__heap_base + length;
    if (need > have && __builtin_wasm_memory_grow(0, ((need - have) >> 16) + 1) == (size_t)-1)
        __builtin_trap();
    return &__heap_base;
}

/* By Taylor's series, after taking whole turns off. */
static double sine(double x) {
    const double turn = 6.283185307179586;
    x -= turn * __builtin_floor(x / turn + 0.5);
    double square = x * x, term = x, sum = x;
    for (int n = 1; n < 10; n++) {
        term *= -square / (2 * n * (2 * n + 1));
        sum += term;
    }
    return sum;
}

static uint8_t shade(double level, double low, double high) {
    return (uint8_t)(low + (high - low) * (0.5 + 0.5 * level));
}

static void put(size_t at, uint32_t word) {
    for (int byte = 0; byte < 4; byte++)
        picture[at + byte] = (uint8_t)(word >> 8 * byte);
}

static void header(void) {
    const uint32_t words[] = {sizeof picture, 0, 54, 40, SIDE, SIDE, 24u << 16 | 1, 0, 0, 2835, 2835, 0, 0};
    picture[0] = 'B';
    picture[1] = 'M';
    for (size_t at = 0; at < sizeof words / sizeof *words; at++)
        put(2 + 4 * at, words[at]);
}

/* At `place` lie 32 bytes of seed and the input. The answer is the output's place above its length. */
__attribute__((export_name("run"))) uint64_t run(const uint8_t *place, size_t length) {
    double x[SOURCES] = {90, 350, 260}, y[SOURCES] = {130, 90, 400};
    for (size_t at = 32; at + 1 < length && at < 32 + 32; at += 2) {
        x[at / 2 % SOURCES] = place[at] * (SIDE / 255.0);
        y[at / 2 % SOURCES] = place[at + 1] * (SIDE / 255.0);
    }
    header();
    uint8_t *point = picture + 54;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++, point += 3) {
            double level = 0;
            for (int source = 0; source < SOURCES; source++) {
                double dx = column - x[source], dy = row - y[source];
                double far = __builtin_sqrt(dx * dx + dy * dy);
                level += sine(far / 6) / (1 + far / 160);
            }
            level /= SOURCES;
            point[0] = shade(level, 70, 255);
            point[1] = shade(level, 20, 225);
            point[2] = shade(level * level * level, 10, 190);
        }
    return (uint64_t)(size_t)picture << 32 | sizeof picture;
}
