/* A small JSON body that says what became of the report, and why. */
#pragma once
#include "collector/intake/verdict.h"

#include <microhttpd.h>
#include <stdint.h>

/* `retry_after_s` one for 429 and 503. */
struct http_answer {
    unsigned status;
    const char *label; /* "status" of the JSON body */
    const char *reason;
    int64_t retry_after_s; /* 0: none */
    bool closes;
};

enum MHD_Result http_answer(struct MHD_Connection *c, const struct http_answer *a);

/* How a verdict of intake reads; http_refusal() counts one that the door itself gives. */
struct http_answer http_answer_of(enum verdict verdict, const char *reason);
struct http_answer http_refusal(enum verdict verdict, const char *reason);
