/* The floor of a fan-out: a bare loop of `send` on the same sockets, in C, without WebSocket's opening, rules or a log.
 * A connection says its group with its first 9 bytes ("G" and 8 digits); every later message that it sends goes to the whole
 * group, several that arrive together as one frame each in one write. Usage: floor PORT BYTES. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 65536
static int group_of[MAX], members[MAX], *in_group[MAX];

int main(int argc, char **argv) {
    int port = atoi(argv[1]), size = atoi(argv[2]), on = 1, poll = epoll_create1(0);
    int door = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.fd = door}, events[512];
    static unsigned char heard[1 << 20], wire[1 << 20];
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (argc < 3 || bind(door, (void *)&address, sizeof address) || listen(door, 4096)) return 1;
    epoll_ctl(poll, EPOLL_CTL_ADD, door, &event);
    puts("listening"), fflush(stdout);
    for (;;) {
        int ready = epoll_wait(poll, events, 512, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == door) {
                fd = accept(door, NULL, NULL);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.fd = fd, group_of[fd] = -1;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            ssize_t got = recv(fd, heard, sizeof heard, 0);
            if (got <= 0) { epoll_ctl(poll, EPOLL_CTL_DEL, fd, NULL); continue; }
            if (group_of[fd] < 0) {
                int group = group_of[fd] = atoi((char *)heard + 1);
                in_group[group] = realloc(in_group[group], sizeof(int) * (members[group] + 1));
                in_group[group][members[group]++] = fd;
                send(fd, "ok", 2, MSG_NOSIGNAL);
                continue;
            }
            size_t length = 0;
            unsigned char *end = heard + got, *found = heard;
            while ((found = memmem(found, end - found, "bench#", 6)) && found + 14 <= end) {
                unsigned char *frame = wire + length;
                frame[0] = 0x82, frame[1] = 126, frame[2] = size >> 8, frame[3] = size & 0xff;
                memset(frame + 4, 'x', size);
                memcpy(frame + 4, found, 14);
                length += 4 + size, found += 14;
            }
            for (int m = 0; m < members[group_of[fd]]; m++) send(in_group[group_of[fd]][m], wire, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
    }
}
