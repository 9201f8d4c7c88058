/* What the files of the HTTPS door share. Only they include libmicrohttpd. */
#pragma once
#include "collector/http/http.h"
#include "collector/http/http_budget.h"
#include "collector/http/http_guard.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    HTTP_MAX_SOCKETS = 16,
    HTTP_MAX_DOMAIN_BYTES = 255,
};

struct http {
    const struct settings *settings;
    struct batcher *batcher;
    struct origin *origin;
    struct guard *guard;
    struct budget *budget;
    struct MHD_Daemon *daemons[HTTP_MAX_SOCKETS];
    int sockets[HTTP_MAX_SOCKETS]; /* once they listen no more */
    size_t daemon_count;

    atomic_size_t requests;  /* under way */
    atomic_size_t suspended; /* of these, out of libmicrohttpd's hands */
    atomic_bool draining;    /* no new request; who takes one off then says so */
    atomic_bool stopping;    /* none may be suspended any more */
    int64_t drained_ms;      /* then those that are under way are given up */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* MHD_AccessHandlerCallback. */
enum MHD_Result http_handle(void *http, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *data,
                            size_t *data_size, void **request);

/* MHD_RequestCompletedCallback. */
void http_completed(void *http, struct MHD_Connection *c, void **request,
                    enum MHD_RequestTerminationCode why);

/* The node of a connection; NULL when it has none. */
struct guard_node *http_node(struct MHD_Connection *c);

/* One answer. `retry_after_s` one for 429 and 503. */
struct http_answer {
    unsigned status;
    const char *label; /* "status" of the JSON body */
    const char *reason;
    int64_t retry_after_s; /* 0: none */
    bool closes;
};

enum MHD_Result http_answer(struct MHD_Connection *c, const struct http_answer *a);

enum http_state {
    HTTP_READING,
    HTTP_DISCARDING, /* the answer is certain, the body must be read to be answered at all
                      */
    HTTP_WAITING,    /* suspended: origin, workers and writers have it */
    HTTP_ANSWERING,
};

struct http_request {
    struct http *http;
    struct MHD_Connection *c;
    struct guard_node *node;
    enum http_state state;
    bool suspended;             /* counted as such */
    bool last;                  /* of this connection */
    struct http_answer refusal; /* HTTP_DISCARDING */
    struct delivery delivery;
    struct buf body;
    size_t held, seen;
    struct peer peer;
    char peer_text[PEER_TEXT_BYTES], peer_name[ORIGIN_NAME_BYTES];
    char domain[HTTP_MAX_DOMAIN_BYTES + 1];
};

/* Looks at the headers: MHD_YES to read the body; otherwise it was answered. */
enum MHD_Result http_admit(struct http_request *r, const char *url, const char *method);

/* Answers now. If there is a body, libmicrohttpd throws it away and closes. */
enum MHD_Result http_refuse(struct http_request *r, const struct http_answer *a);

/* Answers when the body has been read: a client that is still sending would see a reset
 * instead of the answer. */
void http_discard(struct http_request *r, const struct http_answer *a);

/* How a verdict of intake reads; http_refusal() counts one that the door itself gives. */
struct http_answer http_answer_of(enum verdict verdict, const char *reason);
struct http_answer http_refusal(enum verdict verdict, const char *reason);

/* Gives back the body and the room it took. */
void http_let_go(struct http_request *r);

int64_t http_now_s(void);
