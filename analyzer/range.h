/* Thresholds as the monitoring plugins guidelines write them: [@][start:][end], where a
 * value outside start..end alarms, and with @ one inside. Pure. */
#pragma once
#include "base/err.h"

struct range {
    const char *text;  /* as given, borrowed: digits and ~ @ : . - only */
    double start, end; /* may be infinite */
    bool inside;       /* a value within start..end alarms */
};

/* "10", "10:", "~:10", "10:20", "@10:20". ERR_INPUT for anything else. */
MUST_USE bool range_parse(const char *text, struct range *out, struct err *e);

bool range_alarms(const struct range *r, double value);
