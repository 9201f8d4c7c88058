/* tlsrptd: receives TLS reports and keeps them. The rooms, as a report meets them:
 *
 *   http/ lmtp/ import/  the doors: a post, a mail, files; none knows another
 *   queue/               what has come waits here, in memory or in the spool
 *   mail/                what a mail is made of, and which part of it is the report
 *   dkim/                who answers for it
 *   intake/              the one road of all doors: from bytes to a verdict
 *   queue/               and out again, into the database in batches
 *
 * Here: a cmd_ file a verb; doors, ledger and status are the daemon's.
 */
#include "base/count.h"
#include "base/suggest.h"
#include "collector/command.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum {
    MMAP_BYTES = 512 << 10 /* what is larger goes back to the system when it is freed */
};

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} verbs[] = {
    {"serve", cmd_serve, "receive reports and keep them"},
    {"import", cmd_import, "take reports out of files and old mail"},
    {"deliver", cmd_deliver, "take one mail from standard input"},
    {"migrate", cmd_migrate, "create or upgrade the tables of a database"},
    {"maintain", cmd_maintain, "make months ahead, apply the limits of what is kept"},
    {"prune", cmd_prune, "sum up and drop old months"},
    {"reparse", cmd_reparse, "read the quarantine with this version"},
    {"database", cmd_database, "run the embedded database; back up, restore"},
    {"config", cmd_config, "check and print the configuration"},
};

static const size_t verb_count = COUNT_OF(verbs);

static void
print_usage(FILE *out)
{
    (void)fputs("Examples:\n"
                "  tlsrptd serve                     receive reports, keep them\n"
                "  tlsrptd import ~/Maildir          take reports out of old mail\n"
                "  tlsrptd config -c ./tlsrpt.conf   check a configuration\n\n"
                "Usage: tlsrptd VERB [OPTION]... (tlsrptd VERB --help)\n\n"
                "Verbs:\n",
                out);
    for (size_t i = 0; i < verb_count; i++)
        (void)fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].about);
    (void)fputs("\nReading is what tlsrpt(1) is for. See tlsrptd(8), tlsrpt.conf(5).\n",
                out);
}

static int
unknown_verb(const char *name)
{
    struct suggest s;
    struct err e = {0};

    suggest_init(&s, name);
    for (size_t i = 0; i < verb_count; i++)
        suggest_offer(&s, verbs[i].name);
    if (s.nearest != NULL)
        err_set(&e, ERR_INPUT, "there is no \"%s\": did you mean %s?", name, s.nearest);
    else
        err_set(&e, ERR_INPUT, "there is no \"%s\": see tlsrptd --help", name);
    (void)command_fail(&e);
    return EX_USAGE;
}

/* What was said may not have got through: a full disk behind a redirection. */
static int
end(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    (void)fputs("tlsrptd: cannot write to standard output\n", stderr);
    return code == EX_OK ? EX_IOERR : code;
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    (void)mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return end(EX_OK);
    }
    if (strcmp(name, "--version") == 0) {
        (void)puts("tlsrptd " TLSRPT_VERSION);
        return end(EX_OK);
    }
    if (name[0] == '\0') {
        print_usage(stderr);
        return EX_USAGE;
    }
    for (size_t i = 0; i < verb_count; i++) {
        if (strcmp(name, verbs[i].name) == 0)
            return end(verbs[i].run(argc - 1, argv + 1));
    }
    return unknown_verb(name);
}
