/* What lies in a zip archive (PKWARE APPNOTE 4.3) or a tar archive (POSIX.1 ustar, with
 * the long names of GNU and pax passed over). Looks at directories only, and unpacks
 * nothing. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ARCHIVE_STORED = 0,
    ARCHIVE_DEFLATED = 8,
};

struct archive_member {
    const char *name; /* within the archive; not NUL-terminated */
    size_t name_len;
    const unsigned char *packed;
    size_t packed_len;
    unsigned method; /* ARCHIVE_STORED in a tar */
    uint32_t crc;    /* of a zip, as is size: of what was packed */
    uint32_t size;
};

struct archive {
    const unsigned char *bytes;
    size_t n;
    size_t at;   /* of the next entry */
    size_t left; /* entries of a zip */
    bool is_zip;
    bool trailing; /* bytes follow the zip archive */
};

/* Does it look like a tar archive? */
bool archive_is_tar(const void *bytes, size_t n);

/* Points into the bytes. ERR_INPUT when a zip has no directory; a tar needs none. */
MUST_USE bool archive_open(const void *bytes, size_t n, struct archive *out,
                           struct err *e);

/* The next file of the archive that a person put there: directories, links and what
 * systems leave beside files (__MACOSX, .DS_Store) are passed over. False at the end, and
 * with an ERR_INPUT in `e` when the archive is broken or encrypted. */
MUST_USE bool archive_next(struct archive *a, struct archive_member *out, struct err *e);
