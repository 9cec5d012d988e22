/* The crowd of a benchmark: plays messages through WebSocket connections that Python has opened and signed in, and checks what
 * arrives. A library, so that a run is one call that holds no lock of Python.
 *
 * Connections belong to groups (rooms). A group sends `burst` messages in one write, each marked "bench#" and its number, and
 * goes on when every member has the last of them; or, paced, at its time. Every member must see 1, 2, 3 ... without a gap and
 * without a double. Naps between polls, so that the server is not charged with waking this process for every frame. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK "bench#"
#define DIGITS 8
#define SCRATCH (1 << 20)
#define EVENTS 512

struct connection { int fd, group; uint32_t last; uint8_t *kept; size_t have; };
struct group { int size, sender, complete; uint32_t first, upto; double due; };
struct crowd {
    struct connection *connections; struct group *groups;
    int n, groups_n, poll;
    long long deliveries, wrong, closed;
    uint8_t *scratch;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

struct crowd *crowd_new(int most, int groups_n) {
    struct crowd *crowd = calloc(1, sizeof *crowd);
    crowd->connections = calloc(most, sizeof *crowd->connections);
    crowd->groups = calloc(groups_n, sizeof *crowd->groups);
    crowd->groups_n = groups_n, crowd->poll = epoll_create1(0);
    crowd->scratch = malloc(SCRATCH);
    for (int i = 0; i < groups_n; i++) crowd->groups[i].sender = -1;
    return crowd;
}

/* `heard` is what arrived before, from the start of a frame on. Somebody else may be in crowd_listen meanwhile. */
void crowd_add(struct crowd *crowd, int fd, int group, const uint8_t *heard, int size) {
    int i = crowd->n++;
    struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = i};
    struct connection *c = &crowd->connections[i];
    *c = (struct connection){.fd = fd, .group = group, .kept = size ? malloc(size) : NULL, .have = size};
    if (size) memcpy(c->kept, heard, size);
    if (crowd->groups[group].sender < 0) crowd->groups[group].sender = i;
    crowd->groups[group].size++;
    epoll_ctl(crowd->poll, EPOLL_CTL_ADD, fd, &wanted);
}

void crowd_free(struct crowd *crowd) {
    for (int i = 0; i < crowd->n; i++) free(crowd->connections[i].kept);
    close(crowd->poll);
    free(crowd->connections), free(crowd->groups), free(crowd->scratch), free(crowd);
}

long long crowd_deliveries(struct crowd *crowd) { return crowd->deliveries; }
long long crowd_wrong(struct crowd *crowd) { return crowd->wrong + crowd->closed; }

/* Masked with zeros: legal, and no work. */
static void send_all(int fd, const uint8_t *data, size_t size) {
    while (size) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) { usleep(100); continue; }
        if (sent <= 0) return;
        data += sent, size -= sent;
    }
}

static void take_marks(struct crowd *crowd, struct connection *c, const uint8_t *body, size_t size) {
    const uint8_t *end = body + size, *found = body;
    struct group *group = &crowd->groups[c->group];
    while ((found = memmem(found, end - found, MARK, strlen(MARK))) && found + strlen(MARK) + DIGITS <= end) {
        uint32_t number = 0;
        found += strlen(MARK);
        for (int i = 0; i < DIGITS; i++) number = number * 10 + (found[i] - '0');
        if (number != c->last + 1) crowd->wrong++;
        c->last = number;
        crowd->deliveries++;
        if (number == group->upto) group->complete++;
    }
}

static size_t take_frames(struct crowd *crowd, struct connection *c, const uint8_t *data, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        size_t length = data[at + 1] & 0x7f, body = at + 2;
        if (length == 126) {
            if (size - at < 4) break;
            length = data[at + 2] << 8 | data[at + 3], body = at + 4;
        } else if (length == 127) {
            if (size - at < 10) break;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | data[at + i];
            body = at + 10;
        }
        if (size - body < length || size < body) break;
        int kind = data[at] & 0x0f;
        if (kind == 1 && length == 1 && data[body] == '2') send_all(c->fd, (const uint8_t *)"\x81\x81\0\0\0\0" "3", 7);
        else if (kind == 1 || kind == 2) take_marks(crowd, c, data + body, length);
        at = body + length;
    }
    return at;
}

static void hear(struct crowd *crowd, struct connection *c) {
    memcpy(crowd->scratch, c->kept, c->have);
    ssize_t got = recv(c->fd, crowd->scratch + c->have, SCRATCH - c->have, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        epoll_ctl(crowd->poll, EPOLL_CTL_DEL, c->fd, NULL);
        crowd->closed++;
    }
    if (got <= 0) return;
    size_t size = c->have + got, taken = take_frames(crowd, c, crowd->scratch, size);
    c->have = size - taken;
    c->kept = c->have ? realloc(c->kept, c->have) : c->kept;
    memcpy(c->kept, crowd->scratch + taken, c->have);
}

/* Reads for a while what arrives by itself: who came, pings. */
void crowd_listen(struct crowd *crowd, double seconds) {
    struct epoll_event events[EVENTS];
    double end = now() + seconds;
    while (now() < end) {
        int ready = epoll_wait(crowd->poll, events, EVENTS, 20);
        for (int i = 0; i < ready; i++) hear(crowd, &crowd->connections[events[i].data.u32]);
        usleep(1000);
    }
}

/* The next burst of a group: `template` with an id of 36 characters and a number written into it, `burst` times, in one write. */
static void speak(struct crowd *crowd, struct group *group, uint8_t *wire, const uint8_t *template, size_t size, int id_at,
                  int mark_at, int burst) {
    for (int i = 0; i < burst; i++) {
        uint8_t *message = wire + i * size;
        char text[40];
        uint32_t number = group->upto + 1 + i, a = rand(), b = rand(), c = rand();
        memcpy(message, template, size);
        if (id_at >= 0) {
            snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%08x%04x", a, b & 0xffff, b >> 20, c & 0xfff, number, c >> 15 & 0xffff);
            memcpy(message + id_at, text, 36);
        }
        snprintf(text, sizeof text, "%08u", number);
        memcpy(message + mark_at, text, DIGITS);
    }
    group->upto += burst, group->complete = 0;
    send_all(crowd->connections[group->sender].fd, wire, size * burst);
}

/* Until every group had `bursts`; returns how many bursts were not complete after `timeout_s`. With `every_s` above 0 a group
 * sends then, whether the last is complete or not, and `late_s` gets how long after its time each burst was complete. */
int crowd_play(struct crowd *crowd, const uint8_t *template, int size, int id_at, int mark_at, int burst, int bursts, double every_s,
               double timeout_s, int nap_us, double *late_s) {
    struct epoll_event events[EVENTS];
    uint8_t *wire = malloc((size_t)size * burst);
    int left = bursts * crowd->groups_n, *todo = malloc(sizeof(int) * crowd->groups_n);
    double deadline = now() + timeout_s, start = now();
    for (int g = 0; g < crowd->groups_n; g++) {
        todo[g] = bursts, crowd->groups[g].due = start;
        speak(crowd, &crowd->groups[g], wire, template, size, id_at, mark_at, burst);
    }
    while (left && now() < deadline) {
        int ready = epoll_wait(crowd->poll, events, EVENTS, nap_us ? 0 : 1);
        for (int i = 0; i < ready; i++) hear(crowd, &crowd->connections[events[i].data.u32]);
        for (int i = 0; i < (crowd->groups_n == 1 ? 1 : ready); i++) {
            struct group *group = &crowd->groups[crowd->groups_n == 1 ? 0 : crowd->connections[events[i].data.u32].group];
            int g = group - crowd->groups;
            if (!todo[g] || group->complete < group->size) continue;
            if (every_s > 0 && group->due >= 0) {
                late_s[bursts - todo[g]] = now() - group->due;
                group->due = -1;
                todo[g]--, left--;
            } else if (every_s <= 0) {
                todo[g]--, left--;
                if (todo[g]) speak(crowd, group, wire, template, size, id_at, mark_at, burst);
            }
        }
        if (every_s > 0 && left) {
            struct group *group = crowd->groups;
            double due = start + (bursts - todo[0]) * every_s;
            if (group->due < 0 && now() >= due) {
                group->due = due;
                speak(crowd, group, wire, template, size, id_at, mark_at, burst);
            }
        }
        if (nap_us && ready < EVENTS) usleep(nap_us);
    }
    free(wire), free(todo);
    return left;
}
