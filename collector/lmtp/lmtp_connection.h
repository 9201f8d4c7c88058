/* One LMTP client, from its greeting to its end. */
#pragma once
#include "collector/lmtp/lmtp_talk.h"
#include "collector/queue/batcher.h"

struct lmtp_client {
    int fd;
    int stopping; /* readable once the door closes */
    enum transport transport;
    const struct lmtp_rules *rules;
    const struct settings *settings; /* deadlines */
    struct batcher *batcher;
};

/* Serves it until it quits, is too slow, or the door closes between two messages. Does
 * not close fd. */
void lmtp_serve(const struct lmtp_client *client);
