/* What systemd, or whoever speaks as it does, and a daemon say to each other: sockets
 * that are passed (sd_listen_fds(3)) and news of the daemon's state (sd_notify(3)). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Reads what the environment says and takes it away from children. Once, before there are
 * threads. */
void service_open(void);

/* The i-th socket that was passed, now close-on-exec and not blocking, and its name (""
 * if it has none); -1: no more. */
int service_socket(size_t i, const char **name);

/* Was it passed? Then its path, if any, is not ours to take away. */
bool service_passed(int fd);

/* "READY=1", "STOPPING=1": nothing where nobody asked for it. */
void service_notify(const char *state);

/* Reloading has begun; end it with service_notify("READY=1"). */
void service_reloading(void);
