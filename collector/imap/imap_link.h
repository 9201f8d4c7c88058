/* The connection to an IMAP server: TCP, and TLS by GnuTLS with a certificate that holds
 * for the host. Each wait ends at a deadline, when the program does, or when the server
 * says more than it was asked for. */
#pragma once
#include "collector/imap/imap_fault.h"

#include <stddef.h>
#include <sys/types.h>

enum {
    IMAP_CONNECT_S = 20, /* names, TCP and TLS, each */
    IMAP_COMMAND_S = 120,
};

struct imap_link;

/* Connects; no TLS yet. `stopping` becomes readable when the program ends. */
MUST_USE bool imap_link_open(const char *host, const char *port, int stopping,
                             struct imap_link **out, struct imap_fault *f);

/* `ca_file`: PEM, trusted instead of the system's; NULL: none. */
MUST_USE bool imap_link_secure(struct imap_link *l, const char *host, const char *ca_file,
                               struct imap_fault *f);

/* What is read from here on may take IMAP_COMMAND_S and so many bytes. */
void imap_link_allow(struct imap_link *l, size_t bytes);

/* At least one byte; -1 when there is no more, and then imap_link_fail() knows why. */
ssize_t imap_link_read(struct imap_link *l, void *bytes, size_t n);
ssize_t imap_link_write(struct imap_link *l, const void *bytes, size_t n);

/* Neither has failed yet. */
bool imap_link_works(const struct imap_link *l);

/* Says why the last read or write failed. Always returns false. */
bool imap_link_fail(const struct imap_link *l, struct imap_fault *f);

void imap_link_close(struct imap_link *l); /* NULL is fine */
