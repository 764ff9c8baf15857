/* Frames of a generated capture: Ethernet (with a VLAN tag if asked for), IPv4, TCP, right checksums; pcap or
   pcapng, little-endian, microseconds. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { POOL = 1 << 18, TEXT = 1 << 16, LINE = 64, LARGEST_PAYLOAD = 8960, BUFFER = 4 << 20 };

static void fail(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    fputs("generate: ", stderr);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    exit(2);
}

/* splitmix64: the same numbers on every machine. */
static uint64_t dice;
static uint32_t roll(uint32_t sides) {
    uint64_t z = (dice += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (uint32_t)(((z >> 32) * sides) >> 32);
}
static uint32_t between(uint32_t low, uint32_t high) { return low + roll(high - low + 1); }

/* What transfers carry: random bytes, then lines of a listing; sums of 16-bit words make checksums cheap. */
static uint8_t pool[POOL + TEXT];
static uint64_t sums[(POOL + TEXT) / 2 + 1];

static void fill_pool(void) {
    for (int i = 0; i < POOL; i++) pool[i] = (uint8_t)roll(256);
    for (int at = POOL; at < POOL + TEXT; at += LINE) {
        char line[LINE + 1];
        uint32_t n = roll(1u << 30), size = between(10, 99999999);
        int wrote = snprintf(line, sizeof line, "-rw-r--r--   1 ftp  ftp  %8u Nov %02u %02u:%02u file%05u.dat\r\n",
                             size, 1 + n % 28, n % 24, n % 60, n % 100000);
        memset(line + wrote - 2, '_', LINE - (size_t)wrote);
        memcpy(line + LINE - 2, "\r\n", 2);
        memcpy(pool + at, line, LINE);
    }
    for (int i = 0; i < (POOL + TEXT) / 2; i++)
        sums[i + 1] = sums[i] + (uint64_t)(pool[2 * i] << 8 | pool[2 * i + 1]);
}

static uint32_t folded(uint64_t sum) {
    while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint32_t)sum;
}
static uint64_t sum_of(const uint8_t *bytes, uint32_t count) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i + 1 < count; i += 2) sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    return count % 2 ? sum + (uint32_t)(bytes[count - 1] << 8) : sum;
}
/* The sum of a slice of the pool that begins at an even place. */
static uint64_t sum_of_slice(uint32_t at, uint32_t count) {
    uint64_t sum = sums[(at + count) / 2] - sums[at / 2];
    return count % 2 ? sum + (uint32_t)(pool[at + count - 1] << 8) : sum;
}

static void big16(uint8_t *to, uint32_t v) { to[0] = (uint8_t)(v >> 8), to[1] = (uint8_t)v; }
static void big32(uint8_t *to, uint32_t v) { big16(to, v >> 16), big16(to + 2, v); }
static void little32(uint8_t *to, uint64_t v) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (8 * i));
}

static struct {
    int file, pcapng, vlan;
    uint32_t used;
    uint64_t bytes, packets, clock, gap; /* microseconds */
    uint8_t *buffer;
} out;

static void flush(void) {
    for (uint32_t at = 0; at < out.used;) {
        ssize_t wrote = write(out.file, out.buffer + at, out.used - at);
        if (wrote <= 0) perror("generate: write"), exit(3);
        at += (uint32_t)wrote;
    }
    out.used = 0;
}

static void advance(uint32_t count) { out.used += count, out.bytes += count; }

static void open_capture(const char *path) {
    out.file = strcmp(path, "-") ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : STDOUT_FILENO;
    if (out.file < 0) perror(path), exit(2);
    out.buffer = malloc(BUFFER);
    if (!out.buffer) fail("no memory");
    out.clock = 1795168800000000u; /* 2026-11-20 10:00 UTC */
    static const uint8_t plain[24] = {0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, [18] = 4, [20] = 1};
    static const uint8_t blocks[48] = {
        10, 13, 13, 10, 28, [8] = 0x4D, 0x3C, 0x2B, 0x1A, 1, [16] = 255, 255, 255, 255, 255, 255, 255, 255, 28,
        [28] = 1, [32] = 20, [36] = 1, [42] = 4, [44] = 20};
    uint32_t size = out.pcapng ? sizeof blocks : sizeof plain;
    memcpy(out.buffer, out.pcapng ? blocks : plain, size);
    advance(size);
}

/* Side 0 opens the connection. */
typedef struct {
    uint32_t address[2], seq[2];
    uint16_t port[2];
} Connection;

/* One segment: `head` bytes, then a slice of the pool. */
static void segment(Connection *c, int side, int flags, const void *head, uint32_t head_size, uint32_t slice,
                    uint32_t slice_size) {
    uint32_t link = out.vlan ? 18 : 14, tcp = flags & SYN ? 24 : 20, payload = head_size + slice_size;
    uint32_t frame = link + 20 + tcp + payload, pad = out.pcapng ? (0u - frame) % 4 : 0;
    if (out.used + frame + 64 > BUFFER) flush();
    uint8_t *at = out.buffer + out.used;
    out.clock += out.gap;
    if (out.pcapng) {
        memset(at, 0, 12);
        at[0] = 6;
        little32(at + 4, 32 + frame + pad);
        little32(at + 12, out.clock >> 32), little32(at + 16, out.clock);
        little32(at + 20, frame), little32(at + 24, frame);
        at += 28;
    } else {
        little32(at, out.clock / 1000000), little32(at + 4, out.clock % 1000000);
        little32(at + 8, frame), little32(at + 12, frame);
        at += 16;
    }
    memcpy(at, side ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
    if (out.vlan) big16(at + 12, 0x8100), big16(at + 14, (uint32_t)out.vlan);
    big16(at + link - 2, 0x0800);
    uint8_t *ip = at + link, *segment = ip + 20;
    memcpy(ip, "\x45\0\0\0\0\0\x40\0\x40\6\0\0", 12);
    big16(ip + 2, 20 + tcp + payload);
    big32(ip + 12, c->address[side]), big32(ip + 16, c->address[!side]);
    big16(ip + 10, ~folded(sum_of(ip, 20)));
    big16(segment, c->port[side]), big16(segment + 2, c->port[!side]);
    big32(segment + 4, c->seq[side]), big32(segment + 8, flags & ACK ? c->seq[!side] : 0);
    segment[12] = (uint8_t)(tcp << 2), segment[13] = (uint8_t)flags;
    big16(segment + 14, 64240), big32(segment + 16, 0);
    if (flags & SYN) big32(segment + 20, 0x020405B4); /* MSS 1460 */
    uint64_t sum = sum_of(segment, tcp) + sum_of(ip + 12, 8) + 6 + tcp + payload;
    if (head_size) memcpy(segment + tcp, head, head_size), sum += sum_of(segment + tcp, head_size);
    if (slice_size) {
        memcpy(segment + tcp + head_size, pool + slice, slice_size);
        uint32_t rest = folded(sum_of_slice(slice, slice_size));
        sum += head_size % 2 ? (rest >> 8 | (rest & 255) << 8) : rest;
    }
    big16(segment + 16, ~folded(sum));
    c->seq[side] += payload + (flags & (SYN | FIN) ? 1 : 0);
    uint32_t written = frame + 16;
    if (out.pcapng) {
        memset(at + frame, 0, pad);
        little32(at + frame + pad, 32 + frame + pad);
        written = 32 + frame + pad;
    }
    out.packets++;
    advance(written);
}
