/* One request: headers, body, wait, answer. */
#pragma once
#include "collector/http/http_bodies.h"
#include "collector/http/http_budget.h"
#include "collector/intake/origin.h"
#include "collector/queue/batcher.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    HTTP_MAX_DOMAIN_BYTES = 255, /* at the end of the path */
};

/* What all requests share. */
struct http_door {
    const struct settings *settings;
    struct batcher *batcher;
    struct origin *origin;
    struct guard *guard;
    struct budget *budget;
    struct http_bodies *bodies;
    atomic_size_t requests;  /* under way */
    atomic_size_t suspended; /* of these, out of libmicrohttpd's hands */
    atomic_bool draining;    /* no new request; who takes one off then says so */
    atomic_bool stopping;    /* none may be suspended any more */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* MHD_AccessHandlerCallback; `http` is a struct http_door. */
enum MHD_Result http_request_handle(void *http, struct MHD_Connection *c, const char *url,
                                    const char *method, const char *version,
                                    const char *data, size_t *data_size, void **request);

/* MHD_RequestCompletedCallback. */
void http_request_completed(void *http, struct MHD_Connection *c, void **request,
                            enum MHD_RequestTerminationCode why);

/* The node of a connection; NULL when it has none. */
struct guard_node *http_request_node(struct MHD_Connection *c);
