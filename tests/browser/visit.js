// usage: visit.js URL DIRECTORY [MORE ...]
//
// Follows every link from URL, then looks at pages of each kind in headless Chromium at three widths,
// light and dark, and on paper, and at MORE. Writes what it saw as JSON to standard output, screenshots to DIRECTORY.
// test_pages.py starts it, and judges.
"use strict";
const { chromium } = require("playwright-core");
const axe = require("axe-core");
const path = require("path");

const [base, directory, ...more] = process.argv.slice(2);
const ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];
const WIDTHS = [320, 800, 1600];
const SCHEMES = ["light", "dark"];
const LINKS_PER_KIND = 80;   // followed
const PAGES_PER_KIND = 2;    // looked at: the first one in every way, the others once
const LOCAL = new URL(base).origin;

const kindOf = (url) => {
    const { pathname, search } = new URL(url);
    const parts = pathname.slice(new URL(base).pathname.length).split("/");
    const suffix = /\.(json|ndjson|csv)$/.exec(pathname) || /[?&]format=\w+/.exec(search) || [""];
    return (parts[0].replace(/\.\w+$/, "") || "index") + suffix[0].replace(/[?&]format=/, ".");
};

const linksOf = (html, from) => [...html.matchAll(/\shref="([^"]*)"/g)]
    .map((m) => new URL(m[1].replace(/&amp;/g, "&").replace(/&#39;/g, "'").replace(/&quot;/g, '"')
        .replace(/&lt;/g, "<").replace(/&gt;/g, ">"), from))
    .map((url) => { url.hash = ""; return url.href; });

// Every page that can be reached, by kind, and what does not answer 200 or lies elsewhere.
async function crawl() {
    const kinds = {}, seen = new Set([base]), queue = [base], broken = [], outside = [];
    const kind = (url) => (kinds[kindOf(url)] ||= { pages: [], followed: 0 });
    const follow = async (url) => {
        const answer = await fetch(url, { redirect: "manual" });
        const isPage = (answer.headers.get("content-type") || "").startsWith("text/html");
        const body = await answer.text();
        if (answer.status !== 200)
            broken.push([answer.status, url]);
        else if (isPage)
            kind(url).pages.push(url);
        for (const link of isPage ? linksOf(body, url) : []) {
            if (link === "data:,") // no icon
                continue;
            if (!link.startsWith(LOCAL))
                outside.push([url, link]);
            else if (!seen.has(link) && kind(link).followed < LINKS_PER_KIND) {
                seen.add(link);
                kind(link).followed++;
                queue.push(link);
            }
        }
    };
    for (let at = 0; at < queue.length;) {
        const batch = queue.slice(at, at + 4);
        at += batch.length;
        await Promise.all(batch.map(follow));
    }
    return { kinds, broken, outside, followed: queue.length };
}

// A page that keeps what goes wrong with it in `faults`.
async function open(context) {
    const page = await context.newPage();
    page.faults = [];
    page.on("console", (m) => ["error", "warning"].includes(m.type()) && page.faults.push("console: " + m.text()));
    page.on("pageerror", (e) => page.faults.push("script: " + e.message));
    page.on("dialog", (d) => { page.faults.push("dialog: " + d.message()); d.dismiss(); });
    page.on("popup", () => page.faults.push("popup"));
    page.on("request", (q) => q.url() !== page.wanted && page.faults.push("request: " + q.url()));
    return page;
}

// What a page does in a window: everything in it is a fault, but "text".
async function look(page, url, shot, withAxe) {
    page.wanted = url;
    await page.goto(url, { waitUntil: "load" });
    const seen = await page.evaluate(() => ({
        owned: typeof window.__owned,
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        strangers: document.querySelectorAll(
            "script, iframe, object, embed, img, base, meta[http-equiv], form[action], [style], [onerror], [onload]").length,
        text: document.body.innerText,
    }));
    if (seen.owned !== "undefined")
        page.faults.push("a string of a report ran as a script");
    if (seen.wide > 0)
        page.faults.push(`overflows by ${seen.wide} px`);
    if (seen.strangers)
        page.faults.push("holds an element that no page has");
    if (shot)
        await page.screenshot({ path: path.join(directory, shot), fullPage: true });
    if (withAxe) {
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        for (const v of violations)
            page.faults.push(`axe ${v.id}: ` + v.nodes.slice(0, 3).map((n) =>
                n.html.slice(0, 200) + " | " + n.failureSummary).join(" || "));
    }
    return { url, faults: page.faults.splice(0), text: seen.text };
}

const timeless = (text) => text.replace(/As of [-0-9:TZ UC]+/, "");

async function heat(context, url) {
    const page = await context.newPage();
    await page.goto(url);
    const cells = await page.$$eval("table.heat td[data-day]", (list) => list.map((td) =>
        [td.closest("tr").querySelector("th").innerText.trim(), td.dataset.day, td.innerText.trim(), td.className,
            td.querySelector("a").title]));
    await page.close();
    return cells;
}

async function main() {
    const { kinds, broken, outside, followed } = await crawl();
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
        chromiumSandbox: process.getuid() !== 0, args: ARGUMENTS });
    const looks = [];
    const visit = async (options, name, pages, withAxe, media = "screen") => {
        const context = await browser.newContext(options), page = await open(context);
        await page.emulateMedia({ media });
        for (const [kind, url, shot] of pages)
            looks.push({ kind, window: name, ...await look(page, url, shot && `${kind}-${name}.png`, withAxe) });
        await context.close();
    };
    const firsts = Object.entries(kinds).filter(([, k]) => k.pages.length).map(([kind, k]) => [kind, k.pages[0], true]);
    for (const width of WIDTHS)
        await Promise.all(SCHEMES.map((colorScheme) =>
            visit({ viewport: { width, height: 900 }, colorScheme }, `${width}-${colorScheme}`, firsts, true)));
    const others = Object.entries(kinds).flatMap(([kind, k]) => k.pages.slice(1).map((url) => [kind, url, false]));
    await visit({ viewport: { width: 320, height: 900 }, colorScheme: "dark" }, "others", others.filter(([kind], i) =>
        others.slice(0, i).filter(([k]) => k === kind).length < PAGES_PER_KIND), true);
    await visit({ viewport: { width: 800, height: 900 } }, "more", more.map((url) => [kindOf(url), url, false]), false);
    await visit({ viewport: { width: 794, height: 1123 } }, "print", firsts, false, "print"); // A4
    const first = looks.filter((l) => l.window === "1600-light");
    await visit({ viewport: { width: 1600, height: 900 }, javaScriptEnabled: false }, "noscript", firsts.map(([k, u]) => [k, u, false]), false);
    const noscript = looks.filter((l) => l.window === "noscript");
    for (let i = 0; i < first.length; i++)
        if (timeless(first[i].text) !== timeless(noscript[i].text))
            noscript[i].faults.push("says something else without JavaScript");
    const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
    const heats = [];
    for (const url of kinds.heat ? kinds.heat.pages.slice(0, 2) : [])
        heats.push([url, await heat(context, url)]);
    await browser.close();
    process.stdout.write(JSON.stringify({ broken, outside, followed, looks, heats,
        kinds: Object.fromEntries(Object.entries(kinds).map(([kind, k]) => [kind, k.pages.length])) }));
}

main().catch((e) => { console.error(e); process.exit(1); });
