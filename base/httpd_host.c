#include "base/httpd_host.h"

#include <string.h>
#include <strings.h>

/* Length of the name in "name", "name:80", "[::1]:80"; what follows must be a port. */
static size_t
name_length(const char *header)
{
    size_t n = *header == '[' ? strcspn(header, "]") + 1 : strcspn(header, ":");

    if (n > strlen(header) ||
        (header[n] != '\0' &&
         (header[n] != ':' ||
          header[n + 1 + strspn(header + n + 1, "0123456789")] != '\0')))
        return 0;
    return n;
}

bool
httpd_host_is(const char *header, const char *const hosts[], size_t count)
{
    size_t n = name_length(header);

    for (size_t i = 0; n > 0 && i < count; i++) {
        if (strlen(hosts[i]) == n && strncasecmp(header, hosts[i], n) == 0)
            return true;
    }
    return false;
}
