/* tlsrptd: receives TLS reports and keeps them. One verb, one file; this one finds it. */
#include "collector/command.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} verbs[] = {
    {"serve", cmd_serve, "receive reports and keep them"},
    {"import", cmd_import, "take reports out of files and old mail"},
    {"deliver", cmd_deliver, "take one mail from standard input"},
    {"migrate", cmd_migrate, "create or upgrade the tables of a database"},
    {"maintain", cmd_maintain, "make months ahead, apply the quarantine's limits"},
    {"reparse", cmd_reparse, "read the quarantine with this version"},
    {"database", cmd_database, "start, stop or look at the embedded database"},
    {"config", cmd_config, "check and print the configuration"},
};

static const size_t verb_count = sizeof verbs / sizeof *verbs;

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

/* Levenshtein's distance, for words of a verb's length. */
static size_t
distance(const char *a, const char *b)
{
    enum {
        LONGEST = 16
    };
    size_t n = strlen(b), row[LONGEST + 1];

    if (n > LONGEST || strlen(a) > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

static int
unknown_verb(const char *name)
{
    const struct verb *best = &verbs[0];

    for (size_t i = 1; i < verb_count; i++) {
        if (distance(name, verbs[i].name) < distance(name, best->name))
            best = &verbs[i];
    }
    (void)fprintf(stderr, "tlsrptd: there is no verb \"%s\"", name);
    if (distance(name, best->name) <= 2)
        (void)fprintf(stderr, ", did you mean \"%s\"?", best->name);
    (void)fputs("\nTry 'tlsrptd --help'.\n", stderr);
    return EX_USAGE;
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return EX_OK;
    }
    if (strcmp(name, "--version") == 0) {
        (void)puts("tlsrptd " TLSRPT_VERSION);
        return EX_OK;
    }
    if (name[0] == '\0') {
        print_usage(stderr);
        return EX_USAGE;
    }
    for (size_t i = 0; i < verb_count; i++) {
        if (strcmp(name, verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    }
    return unknown_verb(name);
}
