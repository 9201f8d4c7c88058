/* The table of settings. Names and defaults are described in tlsrpt.conf(5), which a test
 * compares with this. */
#include "schema/settings/settings_table.h"

#include <stddef.h>

#define AT(field) offsetof(struct settings, field)
#define TEXT(name_, field, default_, about_)                                             \
    {                                                                                    \
        .name = (name_), .type = CONF_TEXT, .offset = AT(field), .text = (default_),     \
        .about = (about_)                                                                \
    }
#define NUMBER(name_, field, default_, min_, max_, about_)                               \
    {                                                                                    \
        .name = (name_), .type = CONF_NUMBER, .offset = AT(field), .number = (default_), \
        .min = (min_), .max = (max_), .about = (about_)                                  \
    }
#define SWITCH(name_, field, default_, about_)                                           \
    {                                                                                    \
        .name = (name_), .type = CONF_SWITCH, .offset = AT(field), .number = (default_), \
        .about = (about_)                                                                \
    }
#define LIST(name_, field, about_)                                                       \
    {                                                                                    \
        .name = (name_), .type = CONF_LIST, .offset = AT(field), .about = (about_)       \
    }
#define SECTION(name_, keys_)                                                            \
    {                                                                                    \
        .name = (name_), .type = CONF_SECTION, .keys = (keys_)                           \
    }
#define TITLED(name_, field, keys_, element_, about_)                                    \
    {                                                                                    \
        .name = (name_), .type = CONF_TITLED, .offset = AT(field), .keys = (keys_),      \
        .element_bytes = sizeof(struct element_), .about = (about_)                      \
    }
#define IN_TITLED(name_, type_, element_, field_, about_)                                \
    {                                                                                    \
        .name = (name_), .type = (type_), .offset = offsetof(struct element_, field_),   \
        .about = (about_)                                                                \
    }
#define END                                                                              \
    {                                                                                    \
        .name = NULL                                                                     \
    }

#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define HOUR_S INT64_C(3600)

static const struct conf_key database_keys[] = {
    TEXT("uri", database.uri, NULL, "PostgreSQL to use instead of the embedded one"),
    TEXT("owner_uri", database.owner_uri, NULL, "the same as role tlsrpt_owner"),
    TEXT("reparse_uri", database.reparse_uri, NULL, "the same as role tlsrpt_reparse"),
    TEXT("reader_uri", database.reader_uri, NULL, "the same as role tlsrpt_reader"),
    NUMBER("connections", database.connections, 4, 1, 64, "writers of one daemon"),
    END,
};

static const struct conf_key https_keys[] = {
    LIST("listen", https.listen, "address:port over TLS"),
    LIST("plain_listen", https.plain_listen, "without TLS: loopback or unix:/path"),
    SWITCH("plain_anywhere", https.plain_anywhere, 0,
           "plain_listen may be any address, behind a proxy"),
    TEXT("certificate", https.certificate, NULL, "PEM file, leaf first"),
    TEXT("key", https.key, NULL, "PEM file"),
    TEXT("path", https.path, "/v1/tlsrpt", "where reports are posted, byte for byte"),
    LIST("proxies", https.proxies, "prefixes whose forwarding header is believed"),
    TEXT("proxy_header", https.proxy_header, "X-Forwarded-For", "or Forwarded"),
    NUMBER("threads", https.threads, 2, 1, 64, "threads that talk to clients"),
    NUMBER("max_body_bytes", https.max_body_bytes, 10 * MIB, KIB, GIB,
           "of a post, on the wire"),
    NUMBER("max_header_bytes", https.max_header_bytes, 32 * KIB, 4 * KIB, MIB,
           "of a request"),
    NUMBER("max_discard_bytes", https.max_discard_bytes, 64 * MIB, 0, GIB,
           "of a too large body that are read so that the 413 is seen"),
    NUMBER("max_connections", https.max_connections, 1000, 4, 100000,
           "on each listening socket"),
    NUMBER("max_connections_per_address", https.max_connections_per_address, 100, 1,
           100000, "of one address"),
    NUMBER("max_connections_per_network", https.max_connections_per_network, 200, 1,
           100000, "of one IPv6 /64 or IPv4 /24"),
    NUMBER("max_requests_per_connection", https.max_requests_per_connection, 1000, 1,
           1000000, "then the connection is closed"),
    NUMBER("source_bytes_per_hour", https.source_bytes_per_hour, GIB, MIB, 1024 * GIB,
           "of one /64 or /24; beyond it 429"),
    NUMBER("handshake_s", https.handshake_s, 10, 1, HOUR_S, "from accept to the headers"),
    NUMBER("header_s", https.header_s, 20, 1, HOUR_S, "for the headers of a request"),
    NUMBER("body_s", https.body_s, 120, 1, HOUR_S, "for the body of a request"),
    NUMBER("min_body_bytes_per_s", https.min_body_bytes_per_s, KIB, 0, GIB,
           "slower bodies are cut off"),
    NUMBER("body_grace_s", https.body_grace_s, 10, 0, HOUR_S,
           "in which they may be slower"),
    NUMBER("idle_s", https.idle_s, 30, 1, HOUR_S, "without a byte"),
    NUMBER("answer_s", https.answer_s, 60, 1, HOUR_S, "for the answer once it is known"),
    SWITCH("confirm", https.confirm, 1,
           "believes hosts of the sender's own domain that DNS confirms"),
    SWITCH("spool", https.spool, 1, "keeps posts on disk while the database is away"),
    NUMBER("spool_max_bytes", https.spool_max_bytes, GIB, MIB, 1024 * GIB,
           "kept so; beyond it 503"),
    NUMBER("spool_max_files", https.spool_max_files, 100000, 1, 10000000, "the same"),
    END,
};

static const struct conf_key intake_keys[] = {
    NUMBER("max_inflated_bytes", intake.max_inflated_bytes, 64 * MIB, KIB, GIB,
           "of one report"),
    NUMBER("max_gzip_members", intake.max_gzip_members, 16, 1, 1000, "of one report"),
    NUMBER("max_waiting_reports", intake.max_waiting_reports, 1000, 1, 1000000,
           "for the database, over all doors"),
    NUMBER("max_waiting_bytes", intake.max_waiting_bytes, 128 * MIB, MIB, 64 * GIB,
           "the same, bodies still being read and inflated text included"),
    NUMBER("max_wait_s", intake.max_wait_s, 5, 1, HOUR_S,
           "for the database, then 503 or 451"),
    NUMBER("workers", intake.workers, 2, 1, 64, "threads that decode"),
    NUMBER("max_decode_ms", intake.max_decode_ms, 2000, 1, 3600000,
           "of a processor for one report or mail, then quarantine"),
    END,
};

static const struct conf_key lmtp_keys[] = {
    LIST("listen", lmtp.listen, "unix:/path, or address:port on loopback"),
    LIST("recipients", lmtp.recipients, "user@domain or @domain; none: anyone's"),
    NUMBER("max_connections", lmtp.max_connections, 100, 1, 10000, ""),
    NUMBER("command_s", lmtp.command_s, 300, 1, HOUR_S, "to wait for a command"),
    NUMBER("message_s", lmtp.message_s, 600, 1, HOUR_S, "for a whole message"),
    END,
};

static const struct conf_key mail_keys[] = {
    NUMBER("max_message_bytes", mail.max_message_bytes, 25 * MIB, 64 * KIB, GIB,
           "of a mail"),
    TEXT("trusted_authserv_id", mail.trusted_authserv_id, NULL,
         "whose Authentication-Results are believed"),
    NUMBER("workers", mail.workers, 8, 1, 64, "threads that wait for DNS"),
    SWITCH("dkim_service_strict", mail.dkim_service_strict, 0,
           "a key's s= must name tlsrpt or *"),
    END,
};

static const struct conf_key resolver_keys[] = {
    LIST("forwarders", resolver.forwarders, "address or address@port; none: resolv.conf"),
    END,
};

static const struct conf_key unverified_keys[] = {
    NUMBER("max_bytes", unverified.max_bytes, 4 * GIB, MIB, 1024 * GIB,
           "of unverified reports that are kept"),
    NUMBER("max_per_network", unverified.max_per_network, 256 * MIB, MIB, 1024 * GIB,
           "of them from one /24, /64 or signing domain"),
    NUMBER("days", unverified.days, 400, 0, 36500, "kept; 0: for ever"),
    END,
};

static const struct conf_key quarantine_keys[] = {
    NUMBER("max_days", quarantine.max_days, 90, 1, 3650, "kept"),
    NUMBER("max_bytes", quarantine.max_bytes, 4 * GIB, MIB, 1024 * GIB, "kept"),
    NUMBER("max_source_percent", quarantine.max_source_percent, 10, 1, 100,
           "of max_bytes that one source may hold when it is full"),
    END,
};

static const struct conf_key retention_keys[] = {
    NUMBER("raw_days", retention.raw_days, 0, 0, 36500, "bytes of reports; 0: for ever"),
    NUMBER("report_days", retention.report_days, 0, 0, 36500,
           "reports, then daily sums; 0: for ever"),
    END,
};

static const struct conf_key status_keys[] = {
    LIST("listen", status.listen, "loopback address:port, or unix:/path"),
    END,
};

static const struct conf_key metrics_keys[] = {
    NUMBER("max_domains", metrics.max_domains, 200, 1, 10000, "then \"other\""),
    NUMBER("max_senders", metrics.max_senders, 200, 1, 10000, "then \"other\""),
    END,
};

static const struct conf_key web_keys[] = {
    LIST("listen", web.listen, "address:port, or unix:/path; none: 127.0.0.1:8460"),
    LIST("hosts", web.hosts, "Host names that are answered"),
    TEXT("base_path", web.base_path, "", "where a proxy shows the pages: /tlsrpt"),
    TEXT("public_url", web.public_url, NULL, "how people reach the pages, for links"),
    NUMBER("threads", web.threads, 2, 1, 64, "pages made at a time"),
    NUMBER("refresh_s", web.refresh_s, 300, 1, 24 * HOUR_S,
           "age at which findings are made anew"),
    END,
};

static const struct conf_key https_sender_keys[] = {
    IN_TITLED("hosts", CONF_LIST, https_sender, hosts,
              "names or *.names that DNS confirms"),
    END,
};

static const struct conf_key declared_keys[] = {
    IN_TITLED("mx", CONF_LIST, declared_domain, mx, "host names"),
    IN_TITLED("addresses", CONF_LIST, declared_domain, addresses, "\"host address\""),
    IN_TITLED("sts", CONF_LIST, declared_domain, sts,
              "\"YYYY-MM-DD policy\", lines joined by ;"),
    IN_TITLED("tlsa", CONF_LIST, declared_domain, tlsa, "\"YYYY-MM-DD host u s m HEX\""),
    END,
};

static const struct conf_key known_keys[] = {
    IN_TITLED("until", CONF_TEXT, known_finding, until, "YYYY-MM-DD"),
    END,
};

const struct conf_key settings_keys[] = {
    TEXT("state_dir", state_dir, NULL, "embedded database and sockets"),
    TEXT("user", user, "tlsrpt", "whom a tlsrptd started as root becomes"),
    TEXT("log_level", log_level, "info", "error, warning, info or debug"),
    LIST("domains", domains, "ours: exact, or .example.com for all below it too"),
    SECTION("database", database_keys),
    SECTION("https", https_keys),
    SECTION("intake", intake_keys),
    SECTION("lmtp", lmtp_keys),
    SECTION("mail", mail_keys),
    SECTION("resolver", resolver_keys),
    SECTION("quarantine", quarantine_keys),
    SECTION("unverified", unverified_keys),
    SECTION("retention", retention_keys),
    SECTION("status", status_keys),
    SECTION("metrics", metrics_keys),
    SECTION("web", web_keys),
    TITLED("https_sender", https_senders, https_sender_keys, https_sender,
           "hosts that post in the name of a sender"),
    TITLED("domain", declared, declared_keys, declared_domain, "what we publish"),
    TITLED("known", known, known_keys, known_finding, "a finding that alarms nobody"),
    END,
};
