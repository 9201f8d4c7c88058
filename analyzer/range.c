#include "analyzer/range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reads a plain decimal number and moves on; without digits it is left where it was. */
static bool
take_number(const char **text, double *out)
{
    const char *p = *text + (**text == '-');
    size_t whole = strspn(p, "0123456789"), fraction = 0;

    if (p[whole] == '.')
        fraction = 1 + strspn(p + whole + 1, "0123456789");
    if (whole == 0 || fraction == 1)
        return false;
    *out = strtod(*text, NULL); /* what stands after it is : or the end, or wrong */
    *text = p + whole + fraction;
    return isfinite(*out);
}

static bool
take_range(const char *p, struct range *r)
{
    bool colon = strchr(p, ':') != NULL;

    if (*p == '@') {
        r->inside = true;
        p++;
    }
    if (colon) {
        if (*p == '~') {
            r->start = -INFINITY;
            p++;
        } else if (*p != ':' && !take_number(&p, &r->start)) {
            return false;
        }
        if (*p++ != ':')
            return false;
        if (*p == '\0')
            return true;
    }
    return take_number(&p, &r->end) && *p == '\0' && r->start <= r->end;
}

bool
range_parse(const char *text, struct range *out, struct err *e)
{
    *out = (struct range){.text = text, .end = INFINITY};
    return take_range(text, out) ||
           err_set(e, ERR_INPUT,
                   "\"%s\" is no range: 10, 10:, ~:10, 10:20, or @10:20 for inside",
                   text);
}

bool
range_alarms(const struct range *r, double value)
{
    return (value >= r->start && value <= r->end) == r->inside;
}
