"""The rooms of the house, and what each may know: includes run along these arrows and no others.

Every rule reads text only and names file, line and rule for whatever breaks it."""
import pathlib
import re

from conftest import FOLDERS, SOURCE, name, sources

# Room -> the rooms, and single headers, that it may include beside itself and base. From the ground up.
ROOMS = {
    "base": (),
    "schema/report": (),
    "schema/wire": ("schema/report",),
    "schema/settings": ("schema/report/report.h",),
    "schema/store": ("schema/report",),
    "schema/embedded": ("schema/store",),
    "collector/mail": ("schema/report", "schema/wire"),
    "collector/dkim": ("schema/report", "collector/mail"),
    "collector/intake": ("schema/report", "schema/wire", "schema/settings", "collector/mail", "collector/dkim"),
    "collector/queue": ("schema/report", "schema/store", "collector/intake"),
    "collector/http": ("schema/settings", "collector/intake", "collector/queue"),
    "collector/lmtp": ("schema/settings", "collector/intake", "collector/queue"),
    "collector/import": ("schema/store", "schema/wire", "collector/mail", "collector/intake"),
    "collector": ("schema", "collector"),
    "analyzer/analysis": ("schema/report",),
    "analyzer/present": ("schema/report/vocab.h",),
    "analyzer": ("schema", "analyzer/analysis", "analyzer/present"),
    "analyzer/pages": ("schema/report", "schema/store", "analyzer/analysis", "analyzer/present", "analyzer/*.h"),
    "analyzer/doctor": ("schema/report", "schema/settings", "analyzer/analysis", "analyzer/present", "analyzer/*.h"),
}

# Header of a library -> the files that may include it, so that it can be replaced there.
OWNERS = {
    r"libpq-fe\.h|libpq/.*": r"schema/store/pg[a-z_]*\.[ch]",
    r"zlib\.h": r"schema/wire/inflate\.c|base/gzip\.c",
    r"libdeflate\.h": r"schema/wire/inflate\.c",
    r"gmime/.*": r"collector/mail/mail[a-z_]*\.[ch]",
    r"microhttpd\.h": r"collector/http/http[a-z_]*\.[ch]|base/httpd\.c",
    r"unbound\.h": r"base/resolver\.c",
    r"confuse\.h": r"base/conf\.c",
    r"libsmartcols(/.*)?\.h": r"analyzer/present/present_table\.c",
    r"libpsl\.h": r"schema/report/sender\.c",
    r"gnutls/.*": r"schema/report/key\.c|analyzer/doctor/https_get\.c|collector/(dkim/dkim|http/http_tls)[a-z_]*\.[ch]",
    r"idn2\.h": r"schema/report/domain\.c",
    r"jansson\.h": r"analyzer/(present/present_json|show_report|present/view)\.c|collector/http/http[a-z_]*\.c",
}


def say(broken):
    assert not broken, "\n" + "\n".join(broken)


def room_of(path):
    """The deepest room that a path from the root lies in; its folder when that is none."""
    folder = str(pathlib.PurePosixPath(path).parent)
    return folder if folder in ROOMS else None


def includes(path):
    """(file:line, '"' or '<', header) of each include of a file."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if found := re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line):
            yield f"{name(path)}:{number}", found[1], found[2]


def allowed(room, header):
    home = room_of(header)
    if home in (room, "base"):
        return True
    for way in ROOMS[room]:
        if way.endswith("/*.h"):
            ok = home == way[:-4]
        elif way.endswith(".h"):
            ok = header == way
        else:
            ok = home == way or (home or "").startswith(way + "/") and way in FOLDERS
        if ok:
            return True
    return False


def test_every_folder_is_a_room():
    """A new room gets a row in ROOMS: what it may know is decided before it is built."""
    assert sorted({str(pathlib.PurePosixPath(name(path)).parent) for path in sources("*.[ch]")} - set(ROOMS)) == []


def test_includes_follow_the_arrows():
    broken = []
    for path in sources("*.[ch]"):
        room = room_of(name(path))
        for place, quote, header in includes(path):
            if quote == '"' and "/" not in header and header != "schema_sql.h":
                broken.append(f"{place}: {header}: write it from the root")
            elif quote == '"' and "/" in header and not allowed(room, header):
                broken.append(f"{place}: {room} may not include {header}")
    say(broken)


def test_arrows_run_one_way():
    """The table itself has no cycle, whatever the code does."""
    reach = {}
    for room, ways in ROOMS.items():
        below = {home for way in ways for home in ROOMS
                 if home != room and (home == way or way in FOLDERS and home.startswith(way + "/") or way == f"{home}/*.h")}
        assert below <= set(reach), f"{room} stands above {below - set(reach)}: rooms are listed from the ground up"
        reach[room] = below


def noun_of(path, nouns):
    """X.c and X.h are one noun, and a header without a file of its own (X_inside.h) belongs to X."""
    noun = path[:-2]
    if path.endswith(".h") and f"{noun}.c" not in nouns:
        longest = [c[:-2] for c in nouns if noun.startswith(c[:-2] + "_")]
        return max(longest, key=len, default=noun)
    return noun


def test_no_cycle_of_files():
    files = [name(path) for path in sources("*.[ch]")]
    nouns = {path for path in files if path.endswith(".c")}
    edges = {}
    for path in files:
        noun = noun_of(path, nouns)
        for place, quote, header in includes(SOURCE / path):
            if quote == '"' and header in files and noun_of(header, nouns) != noun:
                edges.setdefault(noun, {}).setdefault(noun_of(header, nouns), f"{place}: includes {header}")

    def way_back(start, goal):
        seen, todo = {start}, [(start, ())]
        while todo:
            at, way = todo.pop(0)
            for after, said in edges.get(at, {}).items():
                if after == goal:
                    return (*way, said)
                if after not in seen:
                    seen.add(after)
                    todo.append((after, (*way, said)))
        return None

    ways = sorted(((said, *back) for noun, after in edges.items()
                   for other, said in after.items() if (back := way_back(other, noun))), key=len)
    say([f"a cycle: {', and '.join(way)}" for way in ways[:1]])  # the shortest; mend it and look for the next


def test_library_is_included_by_its_owner_only():
    broken = [f"{place}: {header} belongs to {owner}" for path in sources("*.[ch]")
              for place, quote, header in includes(path) for library, owner in OWNERS.items()
              if quote == "<" and re.fullmatch(library, header) and not re.fullmatch(owner, name(path))]
    say(broken)


def test_own_header_comes_first():
    broken = []
    for path in sources("*.c"):
        own, seen = name(path.with_suffix(".h")), list(includes(path))
        if own in [header for _, _, header in seen] and seen[0][2] != own:
            broken.append(f"{seen[0][0]}: {own} comes first")
    say(broken)


def test_the_outlook_is_not_blind():
    """The rules above look at something: every room has files, and every owner owns."""
    assert {room_of(name(path)) for path in sources("*.[ch]")} == set(ROOMS)
    headers = [(header, name(path)) for path in sources("*.[ch]") for _, quote, header in includes(path) if quote == "<"]
    assert [library for library, owner in OWNERS.items()
            if not any(re.fullmatch(library, header) and re.fullmatch(owner, path) for header, path in headers)] == []
