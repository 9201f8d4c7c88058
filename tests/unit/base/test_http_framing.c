/* Every form of a request that two readers could read differently. */
#include "base/http_framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
finds_each_fault(void **state)
{
    static const struct {
        const char *fields[4][2];
        bool has_body;
        const char *want;
    } cases[] = {
        {{{"Host", "h"}, {"Content-Length", "5"}}, true, NULL},
        {{{"host", "h"}, {"transfer-encoding", "Chunked"}}, true, NULL},
        {{{"Host", "h"}}, false, NULL},
        {{{"Host", "h"}}, true, "neither Content-Length nor chunked"},
        {{{"Content-Length", "5"}}, true, "no Host"},
        {{{"Host", "h"}, {"HOST", "h"}}, false, "more than one Host"},
        {{{"Host", "h"}, {"Content-Length", "5"}, {"content-length", "5"}},
         true,
         "more than one Content-Length"},
        {{{"Host", "h"}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
         true,
         "Content-Length with Transfer-Encoding"},
        {{{"Host", "h"}, {"Transfer-Encoding", "gzip, chunked"}},
         true,
         "a transfer coding other than chunked"},
        {{{"Host", "h"}, {"Transfer-Encoding", "chunked "}},
         true,
         "a transfer coding other than chunked"},
        {{{"Host", "h"},
          {"Transfer-Encoding", "chunked"},
          {"Transfer-Encoding", "chunked"}},
         true,
         "a transfer coding other than chunked"},
        {{{"Host", "h"}, {"Content-Length ", "5"}}, true, "a header name is no token"},
        {{{"Host", "h"}, {"", "5"}}, false, "a header name is no token"},
        {{{"Host", "h"}, {"X(A", "5"}}, false, "a header name is no token"},
        {{{"Host", "h"}, {"X-\xc3\xa4", "5"}}, false, "a header name is no token"},
        {{{"Host", "h"}, {"!#$%&'*+-.^_`|~09azAZ", "5"}}, false, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct framing f = {0};
        const char *fault;

        for (size_t k = 0; k < 4 && cases[i].fields[k][0] != NULL; k++)
            framing_take(&f, cases[i].fields[k][0], strlen(cases[i].fields[k][0]),
                         cases[i].fields[k][1]);
        fault = framing_fault(&f, cases[i].has_body);
        if (cases[i].want == NULL)
            assert_null(fault);
        else
            assert_string_equal(fault, cases[i].want);
    }
}

static void
sees_a_nul_in_a_name(void **state)
{
    struct framing f = {0};

    (void)state;
    framing_take(&f, "Host\0X", 6, "h");
    assert_string_equal(framing_fault(&f, false), "a header name is no token");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_fault),
        cmocka_unit_test(sees_a_nul_in_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
