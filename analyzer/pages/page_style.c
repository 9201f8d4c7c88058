/* How all pages look. One style sheet, in the page itself: nothing else is fetched. */
#include "analyzer/pages/serve.h"
#include "base/base64.h"
#include "base/count.h"
#include "schema/report/key.h"

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
    "var(--line);overflow-wrap:break-word;max-width:26rem}"
    "thead th{font-size:.72rem;letter-spacing:.04em;color:var(--dim);font-weight:600;"
    "white-space:nowrap;vertical-align:bottom;text-transform:uppercase}"
    "tbody th{font-weight:500}tbody tr:last-child>*{border-bottom:0}"
    "tbody tr:hover{background:var(--mark)}.num{text-align:right;white-space:nowrap}"
    "time,.id{white-space:nowrap}form{display:flex;flex-wrap:wrap;gap:10px "
    "12px;align-items:end;margin:12px 0}"
    "label{display:grid;gap:2px;font-size:.8rem;color:var(--dim);min-width:0}"
    "input,select,button,.button{font:inherit;font-size:.95rem;color:var(--ink);"
    "background:var(--card);border:1px solid var(--dim);border-radius:5px;padding:5px "
    "9px;"
    "min-width:0;max-width:100%;min-height:2.25rem}input{width:14rem}"
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
    "dl{display:grid;grid-template-columns:8.5rem minmax(0,1fr);"
    "gap:4px 12px;margin:8px 0}dt{color:var(--dim);grid-column:1}"
    "dd{margin:0;max-width:80ch;grid-column:2}.links{padding-left:1.2rem}"
    ".card h2 "
    "a{color:inherit;text-decoration-color:var(--dim)}.in1{margin-left:1rem}.in2{margin-"
    "left:2rem}"
    "pre{overflow-x:auto;background:var(--card);border:1px solid var(--line);"
    "border-radius:6px;padding:10px 12px;margin:8px 0;font-size:.85rem;line-height:1.35;"
    "overflow-wrap:normal}code{overflow-wrap:anywhere}p code{white-space:nowrap}"
    "body>footer{border-top:1px solid var(--line);color:var(--dim);font-size:.85rem;"
    "padding-top:12px;padding-bottom:24px;display:flex;flex-wrap:wrap;gap:4px 24px}"
    "@media(max-width:640px){.wide{display:none}th,td{padding:5px 8px}"
    "body>header>div,main,body>footer{padding-left:12px;padding-right:12px}"
    "nav a{padding:8px 10px}dl{grid-template-columns:6.6rem minmax(0,1fr)}"
    ".id{white-space:normal}form{display:grid;grid-template-columns:1fr "
    "1fr}input,select{width:100%}}"
    "@media print{nav,form,.skip,.more{display:none}body{background:#fff;color:#000}"
    ".scroll,.card{break-inside:avoid;overflow:visible}a{color:inherit}}";

/* The colours of levels are told apart by their texts, too. */
static const char days[] =
    ":root{--bar:#5b87b5;--gap:#e9edf2;--h0:#dff0e3;--h1:#fff3c4;--h2:#ffdf9e;"
    "--h3:#ffb98a;--h4:#ee805c;--h5:#a51a12;--h5ink:#fff}"
    "@media(prefers-color-scheme:dark){:root{--bar:#6a98ca;--gap:#222b37;--h0:#173423;"
    "--h1:#3b3612;--h2:#55400d;--h3:#743e12;--h4:#973115;--h5:#ffa799;--h5ink:#1b1211}}"
    ".chart{display:block;width:100%;max-width:1120px;height:auto;margin:14px 0 8px;"
    "background:var(--card);border:1px solid var(--line);border-radius:6px;padding:10px}"
    ".chart text{font-size:12px;fill:var(--dim)}.chart .end{text-anchor:end}"
    ".chart .head{font-size:13px;font-weight:600;fill:var(--ink)}"
    ".line,.tick{stroke:var(--line);fill:none}.gap{fill:var(--gap)}"
    ".bar.sessions{fill:var(--bar)}.bar.failed{fill:var(--bad)}"
    ".days rect{fill:transparent}.days rect:hover{fill:var(--ink);fill-opacity:.12}"
    ".since{stroke:var(--dim);stroke-dasharray:2 3;fill:none}"
    ".mark rect{fill:var(--card);stroke:var(--dim)}"
    ".chart .mark text{text-anchor:middle;fill:var(--ink)}"
    ".mark.critical rect{fill:var(--bad);stroke:none}"
    ".mark.warning rect{fill:var(--warn);stroke:none}"
    ".chart .critical text,.chart .warning text{fill:var(--card);font-weight:600}"
    "a:hover .mark rect,a:focus-visible .mark rect{stroke:var(--ink);stroke-width:2}"
    ".narrow{display:none}@media(max-width:640px){.chart.wide{display:none}"
    ".chart.narrow{display:block}}"
    ".marks{list-style:none;padding:0;margin:6px 0}.marks li{margin:7px "
    "0;max-width:110ch}"
    ".sign{display:inline-block;min-width:1.6rem;padding:0 4px;text-align:center;"
    "border:1px solid var(--dim);border-radius:4px;font-size:.85rem}"
    ".sign.critical,.sign.warning{color:var(--card);border:0;font-weight:600}"
    ".sign.critical{background:var(--bad)}.sign.warning{background:var(--warn)}"
    ".fromend{direction:rtl;width:fit-content;max-width:100%}.heat{direction:ltr;width:"
    "auto;font-size:.73rem;line-height:"
    "1.3}"
    ".heat td,.heat thead th{padding:0;border:1px solid var(--card);text-align:center;"
    "min-width:2rem}.heat thead th{padding:4px 2px;text-transform:none}.heat "
    "[colspan]{text-align:left;"
    "padding-left:6px}.heat .weekend{font-weight:400}"
    ".heat td a{display:block;padding:5px 1px;color:inherit;text-decoration:none;"
    "white-space:nowrap}.heat td a:hover{text-decoration:underline}"
    ".heat .sum{padding:5px 8px;color:var(--dim);white-space:nowrap}"
    ".heat thead span{position:sticky;left:9rem;display:inline-block}"
    ".heat tbody th,.heat .sender{padding:5px 10px;white-space:nowrap;"
    "max-width:13rem;overflow:hidden;text-overflow:ellipsis;text-align:left}"
    ".heat tbody th,.heat "
    ".sender{position:sticky;left:0;background:var(--card);z-index:1}"
    ".h0{background:var(--h0)}.h1{background:var(--h1)}.h2{background:var(--h2)}"
    ".h3{background:var(--h3)}.h4{background:var(--h4)}"
    ".h5{background:var(--h5);color:var(--h5ink)}"
    ".missing{background:repeating-linear-gradient(135deg,var(--gap) 0 4px,var(--card) "
    "4px 8px)}.legend{display:flex;flex-wrap:wrap;gap:6px;list-style:none;padding:0;"
    "margin:8px 0;font-size:.85rem}.legend li{padding:2px 10px;border-radius:4px}"
    ".nowrap{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}"
    ".list{min-width:9rem}.long{max-height:6.2em;overflow:auto}.part{display:block;width:"
    "100%;min-width:8rem;"
    "max-width:24rem;height:.7rem;"
    "margin:.35rem 0}"
    "@media(max-width:640px){.heat tbody th{max-width:7.5rem}.heat thead "
    "span{left:8rem}}"
    "@media print{.heat td,.legend li,.sign{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}.scroll.fromend{width:auto;overflow:hidden}"
    ".heat{width:100%;font-size:.44rem}.heat td,.heat thead th{min-width:0;padding:1px 0}"
    ".heat td a{padding:1px 0}.heat tbody th,.heat .sender,.heat thead span"
    "{position:static;padding:1px 2px}.heat .sum{padding:1px}"
    "table:not(.heat){font-size:.56rem}table:not(.heat) :is(th,td){padding:2px 4px;"
    "min-width:0;font-size:inherit;white-space:normal;overflow-wrap:anywhere}"
    ".id{white-space:normal}table:not(.heat) "
    "td:is(.num,:has(time)){white-space:nowrap}.long{max-height:none;overflow:visible}}";

/* What is said in one look. */
static const char looks[] =
    ".strip{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.3rem,1fr));"
    "gap:10px;list-style:none;margin:14px 0;padding:0}.strip li{background:var(--card);"
    "border:1px solid var(--line);border-radius:6px;padding:10px 14px;display:flex;"
    "flex-direction:column}.strip span{color:var(--dim);font-size:.85rem}.strip strong"
    "{font-size:1.35rem;line-height:1.3;font-weight:650}"
    ".plain.heat td{padding:5px 1px;white-space:nowrap}.heat tbody "
    "tr>*{border-bottom-color:var(--line)}"
    "@media(max-width:640px){.rows:has([data-title]) thead{display:none}"
    ".rows:has([data-title]),.rows:has([data-title]) tbody{display:block}"
    ".rows:has([data-title]) tr{display:grid;grid-template-columns:1fr 1fr;padding:6px 0;"
    "border-bottom:1px solid var(--line)}.rows [data-title]{border:0;padding:2px 10px;"
    "text-align:left;min-width:0;white-space:normal;overflow-wrap:anywhere}"
    ".rows th[data-title]{grid-column:1/-1}.rows [data-title]::before{content:"
    "attr(data-title) \" \";font-size:.68rem;color:var(--dim);display:block}}"
    ".days{white-space:pre}h2{scroll-margin-top:12px}"
    ".spark{display:block;width:112px;height:22px;margin-top:2px}"
    ".strip .spark{margin-top:8px;width:100%;max-width:14rem}";

static const char *const parts[] = {frame, content, days, looks};

bool
page_style(struct buf *out)
{
    for (size_t i = 0; i < COUNT_OF(parts); i++)
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
