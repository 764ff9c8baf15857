/* What the connections of a generated capture say. A unit is one FTP session with its data connections, or one
   connection of another kind; a step is one turn of it, taken when the scheduler picks the unit. */
#include "frames.h"

/* The shape of a mix; options change it. */
typedef struct {
    uint32_t ftp, of;                        /* `ftp` of `of` connections are FTP control */
    uint32_t transfers_low, transfers_high;  /* a session */
    uint32_t chatter_low, chatter_high;      /* other commands before each transfer and the end */
    uint32_t status_lines, status_weight;    /* most lines in the answer to STAT; STATs to nine other commands */
    uint32_t exponent_low, exponent_high;    /* a transfer has 2^low to 2^(high+1) bytes */
    uint32_t other_low, other_high;          /* the same of other connections */
    uint32_t sizes, size[16], weight[16], weights; /* payloads of full segments */
    uint32_t passive_low, passive_high;
    uint32_t clients, servers;
} Mix;
static Mix mix;

enum { PORTS_A_SESSION = 8, MOST_SERVERS = 250, LARGEST_REPLY = 4096, REPLY_SEGMENT = 1400 };
typedef enum { PASSIVE, EXTENDED, ACTIVE } Mode;

typedef struct { uint8_t op, side, what, slot; uint32_t n; } Step;
typedef struct { uint16_t server_port, client_port; uint8_t what; uint32_t n, to_client, to_server; } Channel;
typedef struct {
    Connection control, data;
    Step *steps;
    Channel *channels;
    uint64_t number, expected;      /* expected: bytes still to be written, roughly */
    uint32_t count, at, left, server, client_base;
    uint8_t kind, mode, product, unacknowledged, bulk, opened;
} Unit;

enum { OPEN, CLOSE, SAY, HEAR, BULK, OFFER, RELEASE };
enum { FTP, TLS, HTTP, POP3, SMTP };
enum { BINARY, RECORDS, LINES };
enum {
    WELCOME, USER, NEED, PASS, IN, SYST, UNIX, FEAT, FEATURES, TYPE, TYPED, QUIT, BYE,
    PWD, WHERE, CWD, THERE, SIZE, SIZED, MDTM, DATED, NOOP, NOTHING, STAT, STATUS,
    ASK, ANSWER, RETR, STOR, LIST, NLST, MLSD, COMING, DONE,
    TLS_HELLO, TLS_ANSWER, GET, OK, POP_HELLO, POP_OK, POP_RETR, SMTP_HELLO, EHLO, EHLO_ANSWER, MAIL, RCPT, SMTP_OK,
    DATA, GO_ON, DOT
};

static uint8_t *taken[MOST_SERVERS]; /* passive ports in use, by server */
static uint32_t next_port[MOST_SERVERS];

/* The next free passive port of a server, 0 where all are in use. */
static uint16_t take_port(uint32_t server) {
    uint32_t ports = mix.passive_high - mix.passive_low + 1;
    for (uint32_t tried = 0; tried < ports; tried++) {
        uint32_t port = next_port[server]++ % ports;
        if (!taken[server][port]) return taken[server][port] = 1, (uint16_t)(mix.passive_low + port);
    }
    return 0;
}

static uint32_t commas(char *to, size_t room, uint32_t address, uint32_t port) {
    return (uint32_t)snprintf(to, room, "%u,%u,%u,%u,%u,%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                              address & 255, port >> 8, port & 255);
}

static const char *const welcomes[] = {
    "220 (vsFTPd 3.0.5)\r\n",
    "220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220-You are user number 3 of 50 allowed.\r\n"
    "220-Local time is now 10:00. Server port: 21.\r\n220-This is a private system - No anonymous login\r\n"
    "220-IPv6 connections are also welcome on this server.\r\n"
    "220 You will be disconnected after 15 minutes of inactivity.\r\n",
    "220 ProFTPD Server (files) [203.0.113.0]\r\n",
    "220-Microsoft FTP Service\r\n220 Files of the example company. Access is logged.\r\n",
};
static const char *const logins[] = {
    "230 Login successful.\r\n",
    "230-User has group access to: ftp\r\n230-This server supports FXP transfers\r\n230 OK. Current directory is /\r\n",
    "230-Welcome.\r\n 200 files were added since your last visit,\r\n 226 of them in /pub.\r\n230 User logged in\r\n",
    "230 User logged in.\r\n",
};
static const char *const words[] = {
    [SYST] = "SYST", [UNIX] = "215 UNIX Type: L8", [FEAT] = "FEAT",
    [FEATURES] =
        "211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n UTF8\r\n211 End",
    [TYPE] = "TYPE I", [TYPED] = "200 Switching to Binary mode.", [QUIT] = "QUIT", [BYE] = "221 Goodbye.",
    [PWD] = "PWD", [WHERE] = "257 \"/pub\" is the current directory", [NOOP] = "NOOP", [NOTHING] = "200 NOOP ok.",
    [THERE] = "250 Directory successfully changed.", [STAT] = "STAT /pub",
    [LIST] = "LIST", [MLSD] = "MLSD", [DONE] = "226 Transfer complete.",
    [POP_HELLO] = "+OK mail.example.com POP3 ready", [POP_OK] = "+OK", [POP_RETR] = "RETR 1",
    [SMTP_HELLO] = "220 mail.example.com ESMTP ready", [EHLO] = "EHLO client.example.net",
    [EHLO_ANSWER] = "250-mail.example.com\r\n250-SIZE 52428800\r\n250-PIPELINING\r\n250 8BITMIME",
    [MAIL] = "MAIL FROM:<a@example.net>", [RCPT] = "RCPT TO:<b@example.com>", [SMTP_OK] = "250 2.1.0 Ok",
    [DATA] = "DATA",
    [GO_ON] = "354 End data with <CR><LF>.<CR><LF>", [DOT] = "\r\n.",
};

/* The verb and argument of a transfer. */
static uint32_t transfer_words(char *to, size_t room, uint8_t what, uint32_t n) {
    if (what == RETR || what == STOR)
        return (uint32_t)snprintf(to, room, "%s file%05u.bin", what == RETR ? "RETR" : "STOR", n % 100000);
    if (what == NLST) return (uint32_t)snprintf(to, room, "NLST dir%03u", n % 1000);
    return (uint32_t)snprintf(to, room, "%s", words[what]);
}

/* Writes what is said at a step; returns its length. */
static uint32_t render(const Unit *u, const Step *s, char *to, size_t room) {
    const Channel *channel = u->channels ? &u->channels[s->slot] : NULL;
    uint32_t port = !channel ? 0 : u->mode == ACTIVE ? channel->client_port : channel->server_port;
    char where[32];
#define PRINT(...) (uint32_t)snprintf(to, room, __VA_ARGS__)
    switch (s->what) {
    case WELCOME: return PRINT("%s", welcomes[u->product]);
    case IN: return PRINT("%s", logins[u->product]);
    case USER: return s->n % 3 ? PRINT("USER user%03u\r\n", s->n % 1000) : PRINT("USER anonymous\r\n");
    case NEED: return s->n % 3 ? PRINT("331 Password required for user%03u.\r\n", s->n % 1000)
                               : PRINT("331 Please specify the password.\r\n");
    case PASS: return PRINT("PASS %08x\r\n", s->n);
    case CWD: return PRINT("CWD /pub/dir%03u\r\n", s->n % 1000);
    case SIZE: return PRINT("SIZE file%05u.bin\r\n", s->n % 100000);
    case SIZED: return PRINT("213 %u\r\n", s->n >> 8);
    case MDTM: return PRINT("MDTM file%05u.bin\r\n", s->n % 100000);
    case DATED: return PRINT("213 202611%02u%02u%02u%02u\r\n", 1 + s->n % 28, s->n % 24, s->n % 60, s->n % 59);
    case STATUS: {
        uint32_t lines = 1 + s->n % mix.status_lines, at = PRINT("213-Status follows:\r\n");
        memcpy(to + at, pool + POOL + s->n % (TEXT / LINE - lines) * LINE, lines * LINE);
        at += lines * LINE;
        return at + (uint32_t)snprintf(to + at, room - at, "213 End of status\r\n");
    }
    case ASK:
        if (u->mode != ACTIVE) return PRINT(u->mode == PASSIVE ? "PASV\r\n" : "EPSV\r\n");
        commas(where, sizeof where, u->control.address[0], port);
        return PRINT("PORT %s\r\n", where);
    case ANSWER:
        if (u->mode == ACTIVE) return PRINT("200 PORT command successful.\r\n");
        if (u->mode == EXTENDED) return PRINT("229 Entering Extended Passive Mode (|||%u|)\r\n", port);
        commas(where, sizeof where, u->control.address[1], port);
        return PRINT("227 Entering Passive Mode (%s)%s\r\n", where, u->product % 2 ? "" : ".");
    case RETR: case STOR: case NLST: {
        uint32_t size = transfer_words(to, room, s->what, s->n);
        memcpy(to + size, "\r\n", 2);
        return size + 2;
    }
    case COMING: return PRINT("150 Opening BINARY mode data connection (%u bytes).\r\n", s->n);
    case GET: return PRINT("GET /files/%08x HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\n\r\n", s->n);
    case OK:
        return PRINT("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %u\r\n\r\n", s->n);
    case TLS_HELLO: case TLS_ANSWER: { /* a hello with one suite and no extensions */
        uint32_t body = s->what == TLS_HELLO ? 41 : 38;
        memset(to, 0, 9 + body);
        memcpy(to, "\x16\3\1\0\0\1\0\0\0\3\3", 11);
        to[4] = (char)(body + 4), to[5] = s->what == TLS_HELLO ? 1 : 2, to[8] = (char)body;
        if (s->what == TLS_ANSWER) to[2] = 3;
        memcpy(to + 11, pool + s->n % POOL / 2, 32);
        memcpy(to + 43, s->what == TLS_HELLO ? "\0\0\2\xC0\x2F\1\0" : "\0\xC0\x2F\0", s->what == TLS_HELLO ? 7 : 4);
        return 9 + body;
    }
    default: return PRINT("%s\r\n", words[s->what]);
    }
#undef PRINT
}

/* The plan of the unit in hand. */
static Step plan[512];
static uint32_t planned;
static void add(uint8_t op, uint8_t side, uint8_t what, uint8_t slot, uint32_t n) {
    if (planned == sizeof plan / sizeof *plan) fail("a session of too many steps");
    plan[planned++] = (Step){op, side, what, slot, n};
}
/* A question of the client's and its answer; some are acknowledged by a packet of their own. */
static void ask(uint8_t question, uint8_t answer, uint8_t slot, uint32_t n, uint32_t m) {
    add(SAY, 0, question, slot, n);
    if (!roll(4)) add(HEAR, 1, 0, 0, 0);
    add(SAY, 1, answer, slot, m);
    if (roll(2)) add(HEAR, 0, 0, 0, 0);
}
static void open_connection(uint8_t slot) {
    for (uint32_t turn = 0; turn < 3; turn++) add(OPEN, turn == 1, 0, slot, turn);
}
/* Both sides close, `side` first. */
static void close_connection(uint8_t slot, uint8_t side) {
    add(CLOSE, side, FIN | ACK, slot, 0);
    if (roll(2)) add(CLOSE, !side, ACK, slot, 0);
    add(CLOSE, !side, FIN | ACK, slot, 0);
    add(CLOSE, side, ACK, slot, 0);
}
/* Between 2^low and 2^(high+1) bytes, each power of two as likely. */
static uint32_t amount(uint32_t low, uint32_t high) {
    uint32_t power = between(low, high);
    return (1u << power) + roll(1u << power);
}

static void plan_transfer(Unit *u, uint8_t slot) {
    static const uint8_t kinds[] = {RETR, RETR, RETR, RETR, RETR, STOR, STOR, LIST, NLST, MLSD};
    uint8_t what = kinds[roll(sizeof kinds)];
    uint8_t giver = what == STOR ? 0 : 1;
    uint32_t n = roll(1u << 30), size = amount(mix.exponent_low, mix.exponent_high);
    Channel *c = &u->channels[slot];
    *c = (Channel){.client_port = (uint16_t)(u->client_base + 1 + slot), .server_port = 20, .what = what, .n = n};
    *(giver ? &c->to_client : &c->to_server) = size;
    if (u->mode != ACTIVE) add(OFFER, 0, 0, slot, 0);
    ask(ASK, ANSWER, slot, 0, 0);
    if (u->mode != ACTIVE) open_connection(1 + slot);
    add(SAY, 0, what, slot, n);
    if (u->mode == ACTIVE) open_connection(1 + slot);
    add(SAY, 1, COMING, slot, size);
    if (roll(2)) add(HEAR, 0, 0, 0, 0);
    /* On an active connection the server is the opener, side 0 of it. */
    uint8_t side = u->mode == ACTIVE ? !giver : giver;
    add(BULK, side, what == RETR || what == STOR ? BINARY : LINES, 1 + slot, size);
    close_connection(1 + slot, side);
    if (u->mode != ACTIVE) add(RELEASE, 0, 0, slot, 0);
    add(SAY, 1, DONE, slot, 0);
    add(HEAR, 0, 0, 0, 0);
    u->expected += size + size / 1000 * 100 + 1200;
}

static void plan_session(Unit *u) {
    static const uint8_t chats[][2] = {{CWD, THERE}, {CWD, THERE}, {PWD, WHERE}, {SIZE, SIZED}, {SIZE, SIZED},
                                       {MDTM, DATED}, {MDTM, DATED}, {NOOP, NOTHING}, {TYPE, TYPED}, {STAT, STATUS}};
    uint32_t user = roll(1u << 30), transfers = between(mix.transfers_low, mix.transfers_high);
    u->channels = calloc(transfers, sizeof *u->channels);
    if (!u->channels) fail("no memory");
    u->opened = (uint8_t)transfers;
    open_connection(0);
    add(SAY, 1, WELCOME, 0, 0), add(HEAR, 0, 0, 0, 0);
    ask(USER, NEED, 0, user, user);
    ask(PASS, IN, 0, roll(1u << 30), 0);
    ask(SYST, UNIX, 0, 0, 0);
    ask(FEAT, FEATURES, 0, 0, 0);
    ask(TYPE, TYPED, 0, 0, 0);
    for (uint8_t slot = 0; slot <= transfers; slot++) {
        for (uint32_t chat = between(mix.chatter_low, mix.chatter_high); chat; chat--) {
            uint32_t which = roll(9 + mix.status_weight);
            const uint8_t *pair = chats[which < 9 ? which : 9];
            uint32_t asked = roll(1u << 30), answered = roll(1u << 30);
            ask(pair[0], pair[1], 0, asked, answered);
            u->expected += pair[0] == STAT ? 250 + mix.status_lines * LINE / 2 : 250;
        }
        if (slot < transfers) plan_transfer(u, slot);
    }
    ask(QUIT, BYE, 0, 0, 0);
    close_connection(0, 1);
    u->expected += 3000;
}

static void plan_other(Unit *u) {
    uint32_t size = amount(mix.other_low, mix.other_high), n = roll(1u << 30);
    uint8_t giver = roll(5) ? 1 : 0;
    open_connection(0);
    switch (u->kind) {
    case TLS: ask(TLS_HELLO, TLS_ANSWER, 0, n, n); break;
    case HTTP: giver = 1, ask(GET, OK, 0, n, size); break;
    case POP3:
        giver = 1;
        add(SAY, 1, POP_HELLO, 0, 0);
        ask(USER, POP_OK, 0, n, 0), ask(PASS, POP_OK, 0, n, 0), ask(POP_RETR, POP_OK, 0, 0, 0);
        break;
    default:
        giver = 0;
        add(SAY, 1, SMTP_HELLO, 0, 0);
        ask(EHLO, EHLO_ANSWER, 0, 0, 0), ask(MAIL, SMTP_OK, 0, 0, 0);
        ask(RCPT, SMTP_OK, 0, 0, 0), ask(DATA, GO_ON, 0, 0, 0);
    }
    add(BULK, giver, u->kind == TLS ? RECORDS : u->kind == HTTP ? BINARY : LINES, 0, size);
    if (u->kind == POP3) add(SAY, 1, DOT, 0, 0), ask(QUIT, POP_OK, 0, 0, 0);
    if (u->kind == SMTP) ask(DOT, SMTP_OK, 0, 0, 0), ask(QUIT, BYE, 0, 0, 0);
    close_connection(0, giver);
    u->expected += size + size / 1000 * 100 + 1000;
}

/* Two draws in one expression would come in the compiler's order, so each is a statement, here and elsewhere. */
static void number_segments(Connection *c) {
    for (int side = 0; side < 2; side++) c->seq[side] = roll(0xFFFFFFFF);
}

static void plan_unit(Unit *u, int is_ftp, uint64_t number) {
    static const uint8_t others[] = {TLS, TLS, TLS, TLS, TLS, HTTP, HTTP, HTTP, POP3, SMTP};
    static const uint8_t modes[] = {PASSIVE,  PASSIVE,  PASSIVE,  PASSIVE,  PASSIVE,
                                    PASSIVE,  EXTENDED, EXTENDED, EXTENDED, ACTIVE};
    static const uint16_t ports[] = {21, 443, 80, 110, 25};
    *u = (Unit){.number = number, .kind = is_ftp ? FTP : others[roll(sizeof others)]};
    uint32_t client = (uint32_t)(number % mix.clients), visit = (uint32_t)(number / mix.clients);
    u->client_base = 1024 + visit % 8000 * PORTS_A_SESSION;
    u->server = roll(mix.servers);
    u->product = (uint8_t)(u->server % 4);
    u->mode = modes[roll(sizeof modes)];
    u->control = (Connection){
        .address = {(is_ftp ? 0xC6120000u : 0xC6130000u) + client, (is_ftp ? 0xCB007101u : 0xC0000201u) + u->server},
        .port = {(uint16_t)u->client_base, ports[u->kind]}};
    number_segments(&u->control);
    planned = 0;
    if (is_ftp) plan_session(u); else plan_other(u);
    u->count = planned;
    u->steps = malloc(planned * sizeof *plan);
    if (!u->steps) fail("no memory");
    memcpy(u->steps, plan, planned * sizeof *plan);
}

static uint32_t segment_size(void) {
    if (mix.sizes == 1) return mix.size[0];
    uint32_t at = roll(mix.weights), i = 0;
    while (at >= mix.weight[i]) at -= mix.weight[i++];
    return mix.size[i];
}

/* One segment of a transfer, or its acknowledgement, after every second segment; true at its end. */
static int carry(Unit *u, Connection *c, const Step *s) {
    if (!u->bulk) u->bulk = 1, u->left = s->n;
    if (u->unacknowledged == 2 || !u->left) {
        u->unacknowledged = 0;
        segment(c, !s->side, ACK, 0, 0, 0, 0);
        u->bulk = u->left != 0;
        return !u->left;
    }
    uint32_t size = segment_size(), head = 0;
    uint8_t record[5] = {23, 3, 3};
    if (size > u->left) size = u->left;
    if (s->what == RECORDS && size > 5) big16(record + 3, size - 5), head = 5;
    uint32_t slice = s->what == LINES ? POOL + roll((TEXT - LARGEST_PAYLOAD) / LINE) * LINE
                                      : roll((POOL - LARGEST_PAYLOAD) / 2) * 2;
    u->left -= size;
    u->unacknowledged++;
    segment(c, s->side, u->left ? ACK : PSH | ACK, record, head, slice, size - head);
    return 0;
}

static void open_step(Unit *u, const Step *s) {
    Connection *c = &u->control;
    if (s->slot) {
        c = &u->data;
        const Channel *channel = &u->channels[s->slot - 1];
        int active = u->mode == ACTIVE;
        if (!s->n) {
            uint16_t ports[] = {channel->client_port, channel->server_port};
            *c = (Connection){.address = {u->control.address[active], u->control.address[!active]},
                              .port = {ports[active], ports[!active]}};
            number_segments(c);
        }
    }
    static const int flags[] = {SYN, SYN | ACK, ACK};
    segment(c, s->side, flags[s->n], 0, 0, 0, 0);
}

/* Takes the unit's next turn; true when it was its last. */
static int turn(Unit *u) {
    const Step *s = &u->steps[u->at];
    Connection *c = s->slot ? &u->data : &u->control;
    char text[LARGEST_REPLY];
    switch (s->op) {
    case OPEN: open_step(u, s); break;
    case CLOSE: segment(c, s->side, s->what, 0, 0, 0, 0); break;
    case HEAR: segment(&u->control, s->side, ACK, 0, 0, 0, 0); break;
    case BULK: if (!carry(u, c, s)) return 0; break;
    case OFFER: /* with no port free, the session waits */
        if (!(u->channels[s->slot].server_port = take_port(u->server))) return 0;
        break;
    case RELEASE: taken[u->server][u->channels[s->slot].server_port - mix.passive_low] = 0; break;
    case SAY: {
        uint32_t size = render(u, s, text, sizeof text), most = REPLY_SEGMENT;
        if (size > 24 && s->side && !roll(16)) most = 1 + roll(size - 1); /* in several segments */
        if (most < size / 4) most = size / 4 + 1;
        for (uint32_t at = 0; at < size; at += most) {
            uint32_t part = size - at < most ? size - at : most;
            segment(&u->control, s->side, at + part < size ? ACK : PSH | ACK, text + at, part, 0, 0);
        }
    }
    }
    return ++u->at == u->count;
}
