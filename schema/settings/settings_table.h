/* Everything tlsrpt.conf can say, as a struct and as the table that fills it: one place
 * for names, types, defaults and bounds, so that `tlsrptd config` and tlsrpt.conf(5)
 * cannot disagree with it. */
#pragma once
#include "base/conf.h"

#include <stdint.h>

/* A host that may post in the name of a sender: https_sender "example.net" { ... } */
struct https_sender {
    const char *sender;         /* the title: a registered domain, lower case */
    struct settings_list hosts; /* "*.out.example.net" */
};

/* What the operator publishes for a domain: domain "example.com" { ... } */
struct declared_domain {
    const char *domain;             /* the title */
    struct settings_list mx;        /* "mx1.example.com" */
    struct settings_list addresses; /* "mx1.example.com 192.0.2.1" */
    struct settings_list
        sts; /* "2026-11-01 mode: enforce; mx: *.example.com; max_age: ..." */
    struct settings_list tlsa; /* "2026-11-01 mx1.example.com 3 1 1 AB..." */
};

/* A finding that shall alarm nobody: known "ID" { until = "2026-12-31" } */
struct known_finding {
    const char *id; /* the title */
    const char *until;
};

struct settings {
    struct arena arena;
    const char *state_dir; /* embedded database, sockets; never NULL */
    const char *user;      /* whom a tlsrptd started as root becomes */
    const char *log_level; /* "error", "warning", "info" or "debug" */

    /* Owned domains, lower case A-labels, sorted: exact, or ".example.com" for it and all
     * below it. MX host names go here too (DANE reports name them). Empty: all are
     * accepted. */
    struct settings_list domains;

    struct {
        const char *uri;         /* NULL: the embedded one */
        const char *owner_uri;   /* NULL: uri. TLSRPT_OWNER_URI in the environment wins */
        const char *reparse_uri; /* NULL: uri */
        const char *reader_uri;  /* NULL: uri */
        int64_t connections;     /* writers of one daemon */
    } database;

    struct {
        struct settings_list listen;       /* "address:port", over TLS */
        struct settings_list plain_listen; /* without TLS: loopback, "unix:/path" */
        bool plain_anywhere;               /* plain_listen may be any address */
        const char *certificate, *key;     /* PEM files */
        const char *path;
        struct settings_list proxies; /* address or prefix whose header is believed;
                                         "unix": whoever connects to a unix socket */
        const char *proxy_header;     /* "X-Forwarded-For" or "Forwarded" */
        int64_t threads;
        int64_t max_body_bytes, max_header_bytes;
        int64_t max_discard_bytes; /* read and thrown away so that a 413 is seen */
        int64_t max_connections, max_connections_per_address, max_connections_per_network;
        int64_t max_requests_per_connection;
        int64_t source_bytes_per_hour; /* beyond: 429 */
        int64_t handshake_s, header_s, body_s, idle_s, answer_s;
        int64_t min_body_bytes_per_s, body_grace_s; /* slower than that, after so long */
        bool confirm; /* a host of the sender's own domain earns a tier by itself */
        bool spool;   /* posts are kept in STATE_DIR/spool while the database is away */
        int64_t spool_max_bytes, spool_max_files; /* beyond: 503 */
    } https;

    /* Reports that wait for the database, over all doors. */
    struct {
        int64_t max_inflated_bytes, max_gzip_members;
        int64_t max_waiting_reports, max_waiting_bytes, max_wait_s;
        int64_t workers;       /* threads that decode */
        int64_t max_decode_ms; /* of a processor, for one delivery */
    } intake;

    struct {
        struct settings_list listen;     /* "unix:/path" or "address:port" */
        struct settings_list recipients; /* "user@domain" or "@domain"; empty: anyone's */
        int64_t max_connections;
        int64_t command_s, message_s; /* deadlines */
    } lmtp;

    struct {
        int64_t max_message_bytes;
        int64_t workers;                 /* threads that verify, and wait for DNS */
        const char *trusted_authserv_id; /* NULL: signatures are verified here */
        bool dkim_service_strict;        /* a key's s= must name "tlsrpt" or "*" */
    } mail;

    struct {
        struct settings_list forwarders; /* empty: those of /etc/resolv.conf */
    } resolver;

    struct {
        int64_t max_days, max_bytes;
        int64_t max_source_percent; /* of max_bytes that one source may hold */
    } quarantine;

    struct {
        int64_t max_bytes, max_per_network, days;
    } unverified;

    struct {
        int64_t raw_days, report_days; /* 0: for ever */
    } retention;

    /* tlsrptd's own /metrics, /healthz and /readyz. */
    struct {
        struct settings_list listen; /* loopback or "unix:/path"; empty: none */
    } status;

    /* Metrics of both programs: names beyond these are "other". */
    struct {
        int64_t max_domains, max_senders;
    } metrics;

    /* `tlsrpt serve`. */
    struct {
        struct settings_list listen; /* empty: 127.0.0.1:8460 */
        struct settings_list
            hosts; /* Host names that are answered, besides those listened on */
        const char *base_path;      /* "" or "/tlsrpt" */
        const char *public_url;     /* how people reach the pages; NULL: as listened on */
        int64_t threads, refresh_s; /* refresh_s: age at which findings are made anew */
    } web;

    struct conf_titled https_senders; /* struct https_sender */
    struct conf_titled declared;      /* struct declared_domain */
    struct conf_titled known;         /* struct known_finding */
};

extern const struct conf_key settings_keys[]; /* ended by a row without a name */
