/* The client's side of LMTP, as far as `tlsrptd deliver` needs it to hand one mail to the
 * daemon. */
#pragma once
#include "base/buf.h"

/* Where the daemon listens for it, in state_dir. */
#define LMTP_DELIVER_SOCKET "deliver.sock"

enum {
    LMTP_SEND_TIMEOUT_S = 300, /* for each read or write */
};

/* Appends what follows DATA: line ends are made CRLF (a pipe from the MTA has LF), dots
 * at the start of a line are doubled, the final dot is there. Pure. */
bool lmtp_encode(const char *mail, size_t n, struct buf *out);

/* Sends a mail over a connected socket, which it closes. False only when it was not
 * taken: ERR_AGAIN with the reply that said so, or what went wrong. */
MUST_USE bool lmtp_send(int fd, const char *mail, size_t n, struct err *e);
