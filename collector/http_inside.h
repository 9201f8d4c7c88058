/* What the files of the HTTPS door share. Only they include libmicrohttpd. */
#pragma once
#include "collector/http.h"
#include "collector/http_budget.h"
#include "collector/http_guard.h"

#include <microhttpd.h>
#include <pthread.h>

enum {
    HTTP_MAX_SOCKETS = 16
};

struct http {
    const struct settings *settings;
    struct batcher *batcher;
    struct origin *origin;
    struct guard *guard;
    struct budget *budget;
    struct MHD_Daemon *daemons[HTTP_MAX_SOCKETS];
    size_t daemon_count;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    size_t requests;  /* under way */
    size_t suspended; /* of these, out of libmicrohttpd's hands */
    bool draining;    /* no new request */
    bool stopping;    /* none may be suspended any more */
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

/* One answer. `allow` is a header for 405, `retry_after_s` one for 429 and 503. */
struct http_answer {
    unsigned status;
    const char *label; /* "status" of the JSON body */
    const char *reason;
    int64_t retry_after_s; /* 0: none */
    bool closes;
};

enum MHD_Result http_answer(struct MHD_Connection *c, const struct http_answer *a);
