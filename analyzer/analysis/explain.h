/* The words of reports and findings in plain words: what it means, whose fault it usually
 * is, what to do first. One table, used by every command and page and printed in the
 * manual. */
#pragma once
#include "analyzer/analysis/finding.h"

enum explain_area {
    EXPLAIN_RESULT, /* RFC 8460 section 4.3 */
    EXPLAIN_KIND,   /* ours */
    EXPLAIN_REASON, /* a failure-reason-code; the text may be a prefix of it */
};

struct explanation {
    enum explain_area area;
    const char *word;
    const char *plain;  /* a clause: what is wrong */
    const char *owner;  /* whose fault it usually is */
    const char *remedy; /* a sentence: the first thing to do */
};

extern const struct explanation explain_table[];
extern const size_t explain_count;

/* NULL if nothing is known about the word. A reason matches by its longest prefix. */
const struct explanation *explain_find(enum explain_area area, const char *word);

/* What is wrong, in words that agree with the finding's verdict. */
const char *explain_plain(const struct finding *x);

/* Sets summary and advice of a finding; both live in `arena`. */
MUST_USE bool explain_finding(const struct facts *f, struct finding *out,
                              struct arena *arena, struct err *e);
