/* usage: oracle_mutations [COUNT [SEED]]
 *
 * Our decoder and jansson's must agree on the corpus and on COUNT mutations of it: the
 * same verdict, and the same fields and quirks where both accept. One difference is
 * allowed: jansson keeps the last of two members with one name, while we reject a member
 * that we read and that is given twice; then jansson, asked, must find it too. */
#include "base/text.h"
#include "schema/wire/decode.h"
#include "schema/wire/inflate.h"
#include "tests/oracle/corpus.h"
#include "tests/oracle/mutate.h"
#include "tests/oracle/oracle.h"
#include "tests/oracle/report_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MUTATIONS = 100000,
    SEED = 8460,
    LONGEST_SEED_BYTES = 6000, /* of texts that are mutated: many small ones find more */
    SHOWN = 5,
};

struct tally {
    size_t accepted, rejected, duplicates, wrong;
};

static void
show(const char *what, const struct buf *text, const json_t *ours, const json_t *theirs,
     const struct err *e)
{
    char *a = json_dumps(ours, JSON_SORT_KEYS), *b = json_dumps(theirs, JSON_SORT_KEYS);
    struct buf shown;

    buf_init(&shown, 0);
    (void)text_escape(&shown, text->bytes, text->len);
    (void)fprintf(stderr, "%s:\n%s\nours:   %s\noracle: %s\n", what, shown.bytes,
                  a == NULL ? e->text : a, b == NULL ? "rejected" : b);
    buf_clear(&shown);
    free(a);
    free(b);
}

static void
compare(const char *what, const struct buf *text, struct tally *t)
{
    json_t *theirs = oracle_decode(text->bytes, text->len), *ours = NULL;
    struct err e = {0};
    struct report r;
    bool agree;

    report_init(&r);
    if (decode_report(text->bytes, text->len, &r, &e))
        ours = report_json(&r);
    report_clear(&r);
    if (ours != NULL) {
        agree = theirs != NULL && json_equal(ours, theirs);
        t->accepted++;
    } else if (theirs == NULL) {
        agree = e.kind == ERR_INPUT || e.kind == ERR_REFUSED;
        t->rejected++;
    } else {
        agree = e.kind == ERR_INPUT && oracle_has_duplicates(text->bytes, text->len);
        t->duplicates++;
    }
    if (!agree && t->wrong++ < SHOWN)
        show(what, text, ours, theirs, &e);
    json_decref(ours);
    json_decref(theirs);
}

/* The JSON within each case that inflates to any. */
static struct buf *
read_texts(const struct corpus *c)
{
    struct buf *texts = calloc(c->count, sizeof *texts);

    for (size_t i = 0; texts != NULL && i < c->count; i++) {
        quirk_set quirks = 0;
        struct err e = {0};

        buf_init(&texts[i], 0);
        if (!inflate_bytes(c->cases[i].input.bytes, c->cases[i].input.len,
                           &inflate_defaults, &texts[i], &quirks, &e))
            buf_clear(&texts[i]);
    }
    return texts;
}

/* Moves to the front what is worth to be mutated: small, and understood as it stands. */
static size_t
choose(struct buf *texts, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct buf text = texts[i];
        struct report r;

        report_init(&r);
        if (text.len <= LONGEST_SEED_BYTES &&
            decode_report(text.bytes, text.len, &r, NULL)) {
            texts[i] = texts[kept];
            texts[kept++] = text;
        }
        report_clear(&r);
    }
    return kept;
}

static void
run_mutations(const struct buf *texts, size_t n, size_t count, uint64_t seed,
              struct tally *t)
{
    for (size_t i = 0; i < count; i++) {
        struct random r = {seed * 1000003 + i};
        const struct buf *from = &texts[random_below(&r, n)];
        char what[64];
        struct buf text;

        buf_init(&text, 0);
        if (!buf_append(&text, from->bytes, from->len))
            abort();
        mutate(&r, &text, &texts[random_below(&r, n)]);
        (void)snprintf(what, sizeof what, "mutation %zu", i);
        compare(what, &text, t);
        buf_clear(&text);
    }
}

int
main(int argc, char *argv[])
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : MUTATIONS, chosen;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : SEED;
    struct corpus c = corpus_read(TESTS_DIR "/corpus");
    struct buf *texts = read_texts(&c);
    struct tally t = {0};

    if (texts == NULL)
        return EXIT_FAILURE;
    for (size_t i = 0; i < c.count; i++)
        compare(c.cases[i].name, &texts[i], &t);
    chosen = choose(texts, c.count);
    run_mutations(texts, chosen, count, seed, &t);
    (void)printf("%zu cases, %zu mutations: %zu accepted, %zu rejected, %zu given twice, "
                 "%zu differ\n",
                 c.count, count, t.accepted, t.rejected, t.duplicates, t.wrong);
    for (size_t i = 0; i < c.count; i++)
        buf_clear(&texts[i]);
    free(texts);
    corpus_free(&c);
    /* Mutations that never get past the reader would test nothing. */
    return t.wrong == 0 && t.accepted > count / 8 && t.rejected > count / 8
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
