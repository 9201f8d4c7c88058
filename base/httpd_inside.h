/* What the parts of the HTTP server share; see httpd.h. */
#pragma once
#include "base/arena.h"
#include "base/httpd.h"
#include "base/listener.h"

#include <microhttpd.h>
#include <pthread.h>

enum {
    HTTPD_SOCKETS = 16
};

/* A connection, and when it is shut. */
struct node {
    struct node *next, *prev;
    int fd;
    int64_t deadline_ms;
    char peer[LISTENER_NAME_BYTES];
};

struct httpd {
    struct httpd_config config;
    struct arena arena;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool *busy; /* by number of thread */
    size_t requests;
    bool stopping;
    struct node *nodes;
    pthread_t reaper;
    bool reaps;
    struct MHD_Daemon *daemons[HTTPD_SOCKETS];
    char addresses[HTTPD_SOCKETS][LISTENER_NAME_BYTES];
    size_t count;
};

struct request {
    char *path, *query; /* one allocation; NULL: no memory */
    bool seen; /* libmicrohttpd calls twice: at the headers, and for the answer */
};

/* ---- httpd_connection.c ---- */

/* Connections are in a list, and shut when their time is over, for libmicrohttpd knows
 * silence only. */
void httpd_connection_notified(void *httpd, struct MHD_Connection *c, void **context,
                               enum MHD_ConnectionNotificationCode code);

/* NULL when there was no memory for it. */
struct node *httpd_node(struct MHD_Connection *c);

/* So many times idle_s from now; 0: never. */
void httpd_set_deadline(struct httpd *h, struct node *n, unsigned factor);

/* The thread that shuts them, until h->stopping. */
void *httpd_reap(void *arg);

/* ---- httpd_answer.c ---- */

enum MHD_Result httpd_answer_request(struct httpd *h, struct MHD_Connection *c,
                                     const struct request *r, const char *method);
