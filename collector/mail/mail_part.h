/* What a mail's parts must be to be taken for reports: by what they say of themselves, or
 * by their bytes. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum {
    MAIL_MAX_REPORTS = 20,      /* in LIMITS of tlsrpt.conf(5) */
    MAIL_MAX_NAME_BYTES = 1024, /* of a filename: the same */
};

struct mail_part {
    const void *bytes; /* decoded */
    size_t byte_count;
    const char *media_type; /* "application/tlsrpt+gzip", lower case */
    const char *filename;   /* decoded (RFC 2231, 2047), UTF-8; "" if none */
    const char *carried;    /* NULL, or why who signed the mail need not have written the
                               report: "inside an attached message" */
    bool declared;          /* media type or filename say that it is a report */
};

struct mail_reports {
    struct mail_part parts[MAIL_MAX_REPORTS];
    size_t count;
    bool cut;        /* a limit was met: there may be more */
    const char *odd; /* the first part that might hold a report and cannot be opened; NULL
                        if there is none */
};

/* Sets `declared` by media type and filename. False when it can be no report, whatever
 * its bytes are. */
bool mail_part_declare(struct mail_part *p);

/* Adds a part that has its bytes, if it is or may be a report. */
void mail_reports_add(struct mail_reports *r, const struct mail_part *p);

/* Leaves out those that only look like a report when any is declared to be one. */
void mail_reports_choose(struct mail_reports *r);
