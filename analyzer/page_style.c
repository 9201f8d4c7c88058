/* How all pages look. One style sheet, in the page itself: nothing else is fetched. */
#include "analyzer/serve.h"
#include "base/base64.h"
#include "schema/key.h"

#include <string.h>

enum {
    HASH_TEXT = 48
};

/* Charts use the variables and the classes of severity; their own classes stand below. */
static const char frame[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--dim:#55606e;"
    "--line:#d5dae1;--link:#0b57a4;--bad:#b3141c;--warn:#8a4b00;--good:#176a2f;"
    "--badbg:#fdecec;--warnbg:#fdf3e1;--goodbg:#e7f4ea;--mark:#e6ecf4}"
    "@media(prefers-color-scheme:dark){:root{--bg:#11161d;--card:#19202a;--ink:#e4e9f0;"
    "--dim:#a3aebb;--line:#323d4b;--link:#84b9f5;--bad:#ff8f8f;--warn:#f0b45c;"
    "--good:#7ed49a;--badbg:#3a1a1d;--warnbg:#362915;--goodbg:#16301f;--mark:#243041}}"
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}"
    "body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,"
    "-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;overflow-wrap:anywhere}"
    "a{color:var(--link)}a:hover{text-decoration-thickness:2px}"
    ":focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}"
    ".skip{position:absolute;left:-100vw}.skip:focus{left:8px;top:8px;background:"
    "var(--card);padding:8px 12px;z-index:1}"
    "body>header{background:var(--card);border-bottom:1px solid var(--line)}"
    "body>header>div,main,body>footer{max-width:1400px;margin:0 auto;padding:0 20px}"
    "body>header>div{display:flex;flex-wrap:wrap;align-items:center;gap:2px 24px}"
    ".brand{font-weight:700;letter-spacing:.01em;color:var(--ink);text-decoration:none;"
    "padding:11px 0}"
    "nav ul{display:flex;flex-wrap:wrap;list-style:none;margin:0 -10px;padding:0}"
    "nav a{display:block;padding:11px 10px;color:var(--dim);text-decoration:none;"
    "border-bottom:2px solid transparent}"
    "nav a:hover{color:var(--ink);border-bottom-color:var(--line)}"
    "nav "
    "a[aria-current]{color:var(--ink);font-weight:600;border-bottom-color:var(--link)}"
    "main{padding-top:22px;padding-bottom:32px}"
    "h1{font-size:1.5rem;line-height:1.2;margin:0 0 4px;font-weight:650}"
    "h2{font-size:1.1rem;line-height:1.3;margin:28px 0 8px;font-weight:650}"
    "h3{font-size:1rem;margin:0}p{margin:6px 0;max-width:75ch}"
    ".lead{color:var(--dim);margin:0 0 16px}.dim{color:var(--dim)}.bold{font-weight:600}"
    ".bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}"
    "td.bad,td.warn{font-weight:600}";

static const char content[] =
    ".scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);"
    "border-radius:6px;margin:10px 0}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "th,td{padding:6px 12px;text-align:left;vertical-align:top;border-bottom:1px solid "
    "var(--line);overflow-wrap:break-word;max-width:34rem}"
    "thead th{font-size:.72rem;letter-spacing:.04em;color:var(--dim);font-weight:600;"
    "white-space:nowrap;vertical-align:bottom}"
    "tbody th{font-weight:500}tbody tr:last-child>*{border-bottom:0}"
    "tbody tr:hover{background:var(--mark)}.num{text-align:right;white-space:nowrap}"
    "time,.nowrap{white-space:nowrap}"
    "form{display:flex;flex-wrap:wrap;gap:10px 12px;align-items:end;margin:12px 0}"
    "label{display:grid;gap:2px;font-size:.8rem;color:var(--dim);min-width:0}"
    "input,select,button,.button{font:inherit;font-size:.95rem;color:var(--ink);"
    "background:var(--card);border:1px solid var(--dim);border-radius:5px;padding:5px "
    "9px;"
    "min-width:0;max-width:100%}input{width:14rem}"
    "button,.button{font-weight:600;cursor:pointer;text-decoration:none;"
    "display:inline-block}button:hover,.button:hover{background:var(--mark)}"
    ".tag{display:inline-block;font-size:.78rem;font-weight:700;padding:1px 8px;"
    "border-radius:10px;border:1px solid currentColor;white-space:nowrap}"
    ".tag.critical{color:var(--bad);background:var(--badbg)}"
    ".tag.warning{color:var(--warn);background:var(--warnbg)}"
    ".tag.info{color:var(--dim);background:var(--card)}"
    ".tag.good{color:var(--good);background:var(--goodbg)}"
    ".card{background:var(--card);border:1px solid var(--line);border-left:5px solid "
    "var(--line);border-radius:6px;padding:12px 16px;margin:12px 0}"
    ".card.critical{border-left-color:var(--bad)}.card.warning{border-left-color:"
    "var(--warn)}.card.good{border-left-color:var(--good)}"
    ".card h2,.card h3{margin:6px 0 4px;font-size:1.05rem}.card p{margin:4px 0}"
    ".facts{display:flex;flex-wrap:wrap;gap:2px 22px;color:var(--dim);font-size:.9rem;"
    "margin:6px 0 0;padding:0;list-style:none}"
    "dl{display:grid;grid-template-columns:minmax(6.5rem,max-content) minmax(0,1fr);"
    "gap:4px 16px;margin:8px 0}dt{color:var(--dim)}dd{margin:0;max-width:80ch}"
    ".in1{margin-left:1rem}.in2{margin-left:2rem}"
    "pre{overflow-x:auto;background:var(--card);border:1px solid var(--line);"
    "border-radius:6px;padding:10px 12px;margin:8px 0;font-size:.85rem;line-height:1.35;"
    "overflow-wrap:normal}code{overflow-wrap:anywhere}"
    "body>footer{border-top:1px solid var(--line);color:var(--dim);font-size:.85rem;"
    "padding-top:12px;padding-bottom:24px;display:flex;flex-wrap:wrap;gap:4px 24px}"
    "@media(max-width:640px){.wide{display:none}th,td{padding:5px 8px}"
    "body>header>div,main,body>footer{padding-left:12px;padding-right:12px}"
    "nav a{padding:8px 10px}dl{grid-template-columns:minmax(0,1fr)}dd{margin:0 0 6px}"
    "label,input,select{width:100%}}"
    "@media print{nav,form,.skip,.more{display:none}body{background:#fff;color:#000}"
    ".scroll,.card{break-inside:avoid;overflow:visible}a{color:inherit}}";

static const char *const parts[] = {frame, content};

bool
page_style(struct buf *out)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        (void)buf_puts(out, parts[i]);
    return !out->failed;
}

bool
page_policy(const char *style, struct buf *out)
{
    struct key hash = key_of_bytes(style, strlen(style));
    char text[HASH_TEXT];

    return buf_printf(out,
                      "default-src 'none'; style-src 'sha256-%s'; img-src 'self' data:; "
                      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                      base64_encode(hash.bytes, sizeof hash.bytes, text));
}
