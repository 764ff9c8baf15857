/* Writes a capture of a stated size and mix; bench/generate compiles and runs it. */
#include "dialogues.h"

static const char usage[] =
    "Writes a capture: FTP sessions with their data connections among other TCP traffic.\n\n"
    "usage: generate OUT [options]           OUT: a file, or - for standard output\n\n"
    "  --gigabytes G      size, within a session or two (default 1.0)\n"
    "  --sessions N       that many FTP sessions, instead of a size\n"
    "  --mix third        a third of the connections FTP, one to five transfers a session (default)\n"
    "  --mix control      FTP only, small packets: one small transfer among many commands\n"
    "  --ftp A/B          share of FTP control connections among them and the other connections: 1/3, 0/1, 1/1\n"
    "  --payload SIZES    bytes of a full data segment: 1400, or sizes with weights: 1460:6,536:2,64:1; or mixed\n"
    "  --transfer LOW-HIGH    bytes of a transfer, powers of two: 512-524288\n"
    "  --other LOW-HIGH       bytes of another connection, powers of two\n"
    "  --concurrent N     connections in progress at any time (default 200)\n"
    "  --clients N        FTP clients, and as many of the others (default 5000)\n"
    "  --servers N        FTP servers, at most 250 (default 8, more with many connections)\n"
    "  --passive LOW-HIGH ports that servers offer (default 50000-50999)\n"
    "  --vlan ID          an 802.1Q tag on every frame\n"
    "  --format F         pcap (default) or pcapng\n"
    "  --truth FILE       what was generated: one JSON object an FTP session, in order of their ends\n"
    "  --seed N           the same seed and options give the same bytes (default 1)\n";

static const Mix third = {1, 3, 1, 5, 0, 3, 12, 2, 9, 18, 12, 18, 1, {1400}, {1}, 1, 50000, 50999, 5000, 0};
static const Mix control = {1, 1, 1, 1, 1, 3, 40, 7, 11, 12, 12, 18, 1, {1400}, {1}, 1, 50000, 50999, 5000, 0};

static uint64_t number(const char *option, const char *text, uint64_t low, uint64_t high) {
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value < low || value > high)
        fail("%s: %s is no number from %llu to %llu", option, text, (unsigned long long)low, (unsigned long long)high);
    return value;
}

static void pair(const char *option, const char *text, char mark, uint32_t *first, uint32_t *second, uint32_t high) {
    char left[32];
    const char *at = strchr(text, mark);
    if (!at || at - text > 30) fail("%s: %s is not of the form A%cB", option, text, mark);
    memcpy(left, text, (size_t)(at - text));
    left[at - text] = 0;
    *first = (uint32_t)number(option, left, 0, high), *second = (uint32_t)number(option, at + 1, 1, high);
    if (*first > *second) fail("%s: %s runs backwards", option, text);
}

/* LOW-HIGH in bytes as exponents of two. */
static void powers(const char *option, const char *text, uint32_t *low, uint32_t *high) {
    uint32_t from, to, exponents[2];
    pair(option, text, '-', &from, &to, 1u << 29);
    uint32_t ends[] = {from, to};
    for (int i = 0; i < 2; i++) {
        exponents[i] = 0;
        while (exponents[i] < 29 && 1u << exponents[i] < ends[i]) exponents[i]++;
        if (1u << exponents[i] != ends[i]) fail("%s: %u is no power of two", option, ends[i]);
    }
    if (from == to) fail("%s: %s is empty", option, text);
    *low = exponents[0], *high = exponents[1] - 1;
}

static void payloads(const char *option, const char *text) {
    if (!strcmp(text, "mixed")) text = "1460:60,1200:10,536:15,128:10,17:5";
    char copy[256], *rest, *one;
    if (strlen(text) >= sizeof copy) fail("%s: too long", option);
    strcpy(copy, text);
    mix.sizes = mix.weights = 0;
    for (one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        if (mix.sizes == 16) fail("%s: more than 16 sizes", option);
        char *colon = strchr(one, ':');
        if (colon) *colon = 0;
        mix.size[mix.sizes] = (uint32_t)number(option, one, 1, LARGEST_PAYLOAD);
        mix.weights += mix.weight[mix.sizes] = colon ? (uint32_t)number(option, colon + 1, 1, 1000000) : 1;
        mix.sizes++;
    }
    if (!mix.sizes) fail("%s: no size", option);
}

static void tell(FILE *truth, const Unit *u) {
    static const char *const said[] = {"227", "229", "PORT"};
    char client[20], server[20], transfer[64];
#define DOTTED(to, a) snprintf(to, sizeof to, "%u.%u.%u.%u", (a) >> 24, (a) >> 16 & 255, (a) >> 8 & 255, (a) & 255)
    DOTTED(client, u->control.address[0]), DOTTED(server, u->control.address[1]);
    fprintf(truth, "{\"client\":\"%s:%u\",\"server\":\"%s:%u\",\"channels\":[", client, u->control.port[0], server,
            u->control.port[1]);
    for (int i = 0; i < u->opened; i++) {
        const Channel *c = &u->channels[i];
        transfer_words(transfer, sizeof transfer, c->what, c->n);
        fprintf(truth, "%s{\"announced_by\":\"%s\",\"advertised\":\"%s:%u\",\"client\":\"%s:%u\",\"server\":\"%s:%u\","
                "\"transfer\":\"%s\",\"bytes_to_client\":%u,\"bytes_to_server\":%u}", i ? "," : "", said[u->mode],
                u->mode == ACTIVE ? client : server, u->mode == ACTIVE ? c->client_port : c->server_port, client,
                c->client_port, server, c->server_port, transfer, c->to_client, c->to_server);
    }
    fputs("]}\n", truth);
}

int main(int count, char **given) {
    const char *path = NULL, *truth_path = NULL;
    uint64_t wanted = 1000000000, sessions = 0, concurrent = 200, seed = 1;
    mix = third;
    for (int i = 1; i < count; i++)
        if (!strcmp(given[i], "--help") || !strcmp(given[i], "-h")) return fputs(usage, stdout) < 0;
        else if (!strcmp(given[i], "--mix") && i + 1 < count) {
            if (strcmp(given[i + 1], "third") && strcmp(given[i + 1], "control")) fail("--mix: third or control");
            mix = strcmp(given[i + 1], "third") ? control : third;
        }
    for (int i = 1; i < count; i++) {
        const char *option = given[i];
        if (strncmp(option, "--", 2)) {
            if (path) fail("two captures to write: %s and %s", path, option);
            path = option;
            continue;
        }
        if (i + 1 == count) fail("%s: without a value, or unknown; --help lists the options", option);
        const char *value = given[++i];
#define IS(name) (!strcmp(option, name))
        if (IS("--mix")) continue;
        else if (IS("--gigabytes")) {
            char *end;
            double size = strtod(value, &end);
            if (*end || !(size > 0 && size <= 100000)) fail("--gigabytes: %s is no size", value);
            wanted = (uint64_t)(size * 1e9);
        } else if (IS("--sessions")) sessions = number(option, value, 1, 1000000000);
        else if (IS("--ftp")) pair(option, value, '/', &mix.ftp, &mix.of, 1000000);
        else if (IS("--payload")) payloads(option, value);
        else if (IS("--transfer")) powers(option, value, &mix.exponent_low, &mix.exponent_high);
        else if (IS("--other")) powers(option, value, &mix.other_low, &mix.other_high);
        else if (IS("--concurrent")) concurrent = number(option, value, 1, 1000000);
        else if (IS("--clients")) mix.clients = (uint32_t)number(option, value, 1, 65535);
        else if (IS("--servers")) mix.servers = (uint32_t)number(option, value, 1, MOST_SERVERS);
        else if (IS("--passive")) pair(option, value, '-', &mix.passive_low, &mix.passive_high, 65535);
        else if (IS("--vlan")) out.vlan = (int)number(option, value, 1, 4094);
        else if (IS("--format")) {
            out.pcapng = !strcmp(value, "pcapng");
            if (!out.pcapng && strcmp(value, "pcap")) fail("--format: pcap or pcapng");
        } else if (IS("--truth")) truth_path = value;
        else if (IS("--seed")) seed = number(option, value, 0, UINT64_MAX);
        else fail("unknown option %s; --help lists them", option);
    }
    if (!path) fail("no capture named; --help tells how to use it");
    if (sessions && !mix.ftp) fail("--sessions: without FTP there are none");
    if (mix.passive_low < 1024) fail("--passive: ports below 1024");
    if (!mix.servers) mix.servers = (uint32_t)(concurrent / 500 + 8);
    if (mix.servers > MOST_SERVERS) mix.servers = MOST_SERVERS;
    if (concurrent > 8000ull * mix.clients) fail("--concurrent: more than the clients have ports for");
    /* A connection takes a turn about every 4 ms, but packets are at least 1 µs apart. */
    out.gap = concurrent >= 4000 ? 1 : concurrent <= 200 ? 20 : 4000 / concurrent;

    dice = seed * 0xD1342543DE82EF95u + 1;
    fill_pool();
    for (uint32_t i = 0; i < mix.servers; i++)
        if (!(taken[i] = calloc(mix.passive_high - mix.passive_low + 1, 1))) fail("no memory");
    Unit *running = calloc(concurrent, sizeof *running);
    if (!running) fail("no memory");
    open_capture(path);
    FILE *truth = truth_path ? fopen(truth_path, "w") : NULL;
    if (truth_path && !truth) perror(truth_path), exit(2);

    uint64_t started = 0, ftp = 0, others = 0, channels = 0, active = 0, expected = 0;
    for (;;) {
        while (active < concurrent && (sessions ? ftp < sessions : out.bytes + expected < wanted)) {
            started++;
            int is_ftp = started * mix.ftp / mix.of > (started - 1) * mix.ftp / mix.of;
            Unit *u = &running[active++];
            plan_unit(u, is_ftp, is_ftp ? ftp++ : others++);
            channels += u->opened, expected += u->expected;
        }
        if (!active) break;
        Unit *u = &running[roll((uint32_t)active)];
        uint64_t before = out.bytes;
        int ended = turn(u);
        uint64_t spent = out.bytes - before;
        if (ended || spent > u->expected) spent = u->expected;
        u->expected -= spent, expected -= spent;
        if (!ended) continue;
        if (truth && u->kind == FTP) tell(truth, u);
        free(u->steps), free(u->channels);
        *u = running[--active];
    }
    free(running);
    flush();
    if (truth && fclose(truth)) perror(truth_path), exit(3);
    if (close(out.file)) perror(path), exit(3);
    fprintf(stderr,
            "{\"capture\":\"%s\",\"bytes\":%llu,\"packets\":%llu,\"ftp_sessions\":%llu,"
            "\"data_connections\":%llu,\"other_connections\":%llu}\n",
            path, (unsigned long long)out.bytes, (unsigned long long)out.packets, (unsigned long long)ftp,
            (unsigned long long)channels, (unsigned long long)others);
    return 0;
}
