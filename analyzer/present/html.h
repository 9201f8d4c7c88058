/* Writes HTML. All that is not ours is escaped here and nowhere else. Pure. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

struct html {
    struct buf *out;
    const char *base; /* before every path of ours: "" or "/tlsrpt" */
    const char *kept; /* parameters that go from page to page, encoded; "" or
                         "since=7d&trust=verified" */
};

/* Appends a text, fit for elements and quoted attributes. What would steer the eye
 * (text_is_unsafe) shows as \u{NNNN}, what is not UTF-8 as \xNN. */
void html_text(struct html *h, const char *text);

/* Appends a template, which must be ours, with
 *   %s  a text, escaped; NULL is ""
 *   %u  a text as part of a URL's path or of a parameter
 *   %d  an int64_t, grouped: 1,234,567
 *   %b  the base      %k  "?since=7d" or ""      %K  "&since=7d" or ""
 *   %%  a percent sign
 * A href is href="%b/domain/%u%k". */
void html_put(struct html *h, const char *fmt, ...);

/* Appends a text as part of a URL. */
bool html_put_encoded(struct buf *out, const char *text);

/* "Tue 3 Nov", with the year when it is not that of `today` (days since 1970). */
enum {
    HTML_DAY_SIZE = 32
};
const char *html_day(int32_t day, int32_t today, char out[HTML_DAY_SIZE]);
