/* A path for each panel's bars, and a transparent column a day that says the day's
 * figures when it is pointed at. Presentation is by class, since the pages' policy lets
 * no style attribute through. */
#include "analyzer/pages/chart.h"

#include "base/figure.h"
#include "base/when.h"

#include <string.h>

enum {
    LEFT = 52, /* for the numbers of the axes */
    RIGHT = 8,
    PANEL = 104, /* height */
    HEAD = 30,   /* above a panel, for its title */
    FOOT = 22,   /* below the lower one, for the days */
    SPARK = 22,  /* height of a small one */
    LANE = 20,
    MARK = 10, /* least width of one, without its label */
    LETTER = 8,
    SHORT_DAYS = 35,   /* Mondays are named */
    MIDDLE_DAYS = 120, /* so are the first and the 16th; beyond: months */
};

struct frame {
    struct html *html;
    struct buf *out; /* html->out */
    const struct chart *c;
    double step;       /* width of a day */
    int width, bottom; /* of the days */
    int lanes;
    double lane_end[CHART_LANES];
    struct placed {
        double x, width;
        int lane; /* -1: it has none */
    } marks[CHART_MARKS];
    size_t mark_count;
};

typedef int64_t figure(const struct chart_day *d);

static int64_t
sessions_of(const struct chart_day *d)
{
    return d->sessions;
}

static int64_t
failed_of(const struct chart_day *d)
{
    return d->failed;
}

static double
x_of(const struct frame *f, int64_t day)
{
    return LEFT + (double)(day - f->c->first_day) * f->step;
}

/* Lines at the end of the axis, its half and nothing, with their numbers. */
static void
put_axis(struct frame *f, int top, int64_t end)
{
    char number[FIGURE_SIZE];

    for (int i = 0; i <= 2; i++) {
        int y = top + PANEL * i / 2;

        (void)buf_printf(f->out, "<path class=\"line\" d=\"M%d %dH%d\"/>", LEFT, y,
                         f->width - RIGHT);
        (void)buf_printf(f->out, "<text class=\"end\" x=\"%d\" y=\"%d\">%s</text>",
                         LEFT - 6, y + 4, figure_brief(end - end / 2 * i, number));
    }
}

static void
put_bars(struct frame *f, int top, const char *kind, figure *of, int64_t end)
{
    double gap = f->step > 5 ? f->step * .2 : 0;

    (void)buf_printf(f->out, "<path class=\"bar %s\" d=\"", kind);
    for (size_t i = 0; i < f->c->day_count; i++) {
        int64_t n = of(&f->c->days[i]);
        double height = (double)n / (double)end * PANEL;

        if (n > 0) /* a single failure shows beside millions */
            (void)buf_printf(f->out, "M%.1f %dv-%.1fh%.1fV%dz",
                             LEFT + (double)i * f->step + gap / 2, top + PANEL,
                             height < 1.5 ? 1.5 : height, f->step - gap, top + PANEL);
    }
    (void)buf_puts(f->out, "\"/>");
}

/* The sum of a figure, and the most of a day. */
static int64_t
sum_of(const struct chart *c, figure *of, int64_t *most)
{
    int64_t sum = 0;

    *most = 0;
    for (size_t i = 0; i < c->day_count; i++) {
        int64_t n = of(&c->days[i]);

        *most = n > *most ? n : *most;
        sum = n > INT64_MAX - sum ? INT64_MAX : sum + n;
    }
    return sum;
}

/* `whole`: what the figure is a share of; 0: of nothing. Returns the sum. */
static int64_t
put_panel(struct frame *f, int top, const char *title, const char *kind, figure *of,
          int64_t whole)
{
    char share[FIGURE_SIZE];
    int64_t most, sum = sum_of(f->c, of, &most), end = figure_axis_end(most);

    (void)buf_printf(f->out, "<text class=\"head\" x=\"%d\" y=\"%d\">", LEFT, top - 9);
    html_put(f->html, "%s: %d", title, sum);
    if (whole > 0 && sum > 0)
        html_put(f->html, ", %s of sessions", figure_share(sum, whole, share));
    (void)buf_puts(f->out, "</text>");
    put_axis(f, top, end);
    put_bars(f, top, kind, of, end);
    return sum;
}

/* Days on which nobody reported. */
static void
put_gaps(struct frame *f, int top)
{
    (void)buf_puts(f->out, "<path class=\"gap\" d=\"");
    for (size_t i = 0, end; i < f->c->day_count; i = end) {
        bool reported = f->c->days[i].reported;

        for (end = i + 1; end < f->c->day_count && f->c->days[end].reported == reported;)
            end++;
        if (!reported)
            (void)buf_printf(f->out, "M%.1f %dH%.1fV%dH%.1fz", LEFT + (double)i * f->step,
                             top, LEFT + (double)end * f->step, f->bottom,
                             LEFT + (double)i * f->step);
    }
    (void)buf_puts(f->out, "\"/>");
}

/* Is the day named below the axis? Few days: Mondays. More: the first and the middle of a
 * month. Many: the first. */
static bool
is_named(const struct frame *f, int32_t day)
{
    struct when_date date = when_date_of(day);

    if (f->c->day_count <= SHORT_DAYS)
        return (day + 3) % 7 == 0; /* 1970-01-01 was a Thursday */
    return date.day == 1 || (date.day == 16 && f->c->day_count <= MIDDLE_DAYS);
}

static void
put_days(struct frame *f)
{
    bool month_only = f->c->day_count > MIDDLE_DAYS;
    double free_from = LEFT - 10;

    for (size_t i = 0; i < f->c->day_count; i++) {
        int32_t day = f->c->first_day + (int32_t)i;
        struct when_date date = when_date_of(day);
        double x = x_of(f, day);

        if (!is_named(f, day) || x < free_from || x > f->width - RIGHT - 30)
            continue;
        free_from = x + 50;
        (void)buf_printf(
            f->out, "<path class=\"tick\" d=\"M%.1f %dv5\"/><text x=\"%.1f\" y=\"%d\">",
            x, f->bottom, x, f->bottom + 18);
        if (month_only)
            (void)buf_printf(f->out, "%.3s %02d</text>", when_month_name(date.month),
                             date.year % 100);
        else
            (void)buf_printf(f->out, "%d %.3s</text>", date.day,
                             when_month_name(date.month));
    }
}

/* The first lane that is free from x on; -1: none. */
static int
take_lane(struct frame *f, double x, double end)
{
    for (int lane = 0; lane < CHART_LANES; lane++) {
        if (lane < f->lanes && f->lane_end[lane] > x)
            continue;
        f->lanes = lane < f->lanes ? f->lanes : lane + 1;
        f->lane_end[lane] = end + 2;
        return lane;
    }
    return -1;
}

/* Where a mark is drawn: false when it lies outside. */
static bool
mark_span(const struct frame *f, const struct chart_mark *m, double *x, double *width)
{
    int64_t upto = f->c->first_day + (int64_t)f->c->day_count;
    int64_t first = m->first < f->c->first_day ? f->c->first_day : m->first;
    int64_t end = m->last + 1LL > upto ? upto : m->last + 1LL;
    double least;

    if (first >= end)
        return false;
    *x = x_of(f, first);
    *width = (double)(end - first) * f->step;
    least = MARK + LETTER * (double)strlen(m->label);
    *width = *width < least ? least : *width;
    if (*x + *width > f->width - RIGHT)
        *x = f->width - RIGHT - *width;
    return true;
}

/* From where a mark begins down through the panels. */
static void
put_since(struct frame *f, const struct chart_mark *m, int lane)
{
    if (m->first >= f->c->first_day)
        (void)buf_printf(f->out, "<path class=\"since %s\" d=\"M%.1f %dV%d\"/>", m->kind,
                         x_of(f, m->first), lane * LANE + LANE - 2, f->bottom);
}

static void
put_mark(struct frame *f, const struct chart_mark *m, const struct placed *at)
{
    int y = at->lane * LANE + 1;

    if (m->finding != NULL)
        html_put(f->html, "<a href=\"%b/finding/%u%k\">", m->finding);
    (void)buf_printf(f->out,
                     "<g class=\"mark %s\"><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
                     "height=\"%d\" rx=\"3\"/><text x=\"%.1f\" y=\"%d\">",
                     m->kind, at->x, y, at->width, LANE - 3, at->x + at->width / 2,
                     y + 13);
    html_put(f->html, "%s</text><title>%s</title></g>", m->label, m->title);
    (void)buf_puts(f->out, m->finding != NULL ? "</a>" : "");
}

/* What is said of a day that is pointed at. */
static void
put_pointers(struct frame *f, int top)
{
    char day[WHEN_DAY_SIZE];

    (void)buf_puts(f->out, "<g class=\"days\">");
    for (size_t i = 0; i < f->c->day_count; i++) {
        const struct chart_day *d = &f->c->days[i];

        (void)buf_printf(
            f->out, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>%s: ",
            LEFT + (double)i * f->step, top, f->step, f->bottom - top,
            when_print_day(f->c->first_day + (int32_t)i, day));
        if (!d->reported)
            html_put(f->html, "no reports</title></rect>");
        else
            html_put(f->html, "%d of %d sessions failed</title></rect>", d->failed,
                     d->sessions);
    }
    (void)buf_puts(f->out, "</g>");
}

/* Gives each mark its lane; how many lanes there are decides where all the rest goes. */
static void
place_marks(struct frame *f)
{
    for (f->mark_count = 0;
         f->mark_count < f->c->mark_count && f->mark_count < CHART_MARKS;
         f->mark_count++) {
        struct placed *m = &f->marks[f->mark_count];

        m->lane = mark_span(f, &f->c->marks[f->mark_count], &m->x, &m->width)
                      ? take_lane(f, m->x, m->x + m->width)
                      : -1;
    }
}

/* The lines first, so that no label is struck through. */
static void
put_marks(struct frame *f)
{
    for (size_t i = 0; i < f->mark_count; i++) {
        if (f->marks[i].lane >= 0)
            put_since(f, &f->c->marks[i], f->marks[i].lane);
    }
    for (size_t i = 0; i < f->mark_count; i++) {
        if (f->marks[i].lane >= 0)
            put_mark(f, &f->c->marks[i], &f->marks[i]);
    }
}

void
chart_draw(struct html *h, const struct chart *c, int width)
{
    struct frame f = {.html = h, .out = h->out, .c = c, .width = width};
    int64_t sessions;
    int top;

    f.step =
        (double)(width - LEFT - RIGHT) / (double)(c->day_count > 0 ? c->day_count : 1);
    place_marks(&f);
    top = f.lanes * LANE + HEAD;
    f.bottom = top + PANEL + HEAD + PANEL;
    (void)buf_printf(f.out,
                     "<svg class=\"chart %s\" viewBox=\"0 0 %d %d\" role=\"group\" "
                     "aria-label=\"Sessions and failures by day\">",
                     width >= CHART_WIDE ? "wide" : "narrow", width, f.bottom + FOOT);
    put_gaps(&f, top);
    sessions = put_panel(&f, top, "Sessions", "sessions", sessions_of, 0);
    (void)put_panel(&f, top + PANEL + HEAD, "Failures", "failed", failed_of, sessions);
    put_days(&f);
    if (width >= CHART_WIDE)
        put_pointers(&f, top);
    put_marks(&f);
    (void)buf_puts(f.out, "</svg>");
}

static void
put_spark(struct html *h, const struct chart_day *days, size_t count, const char *kind,
          figure *of, int64_t end)
{
    (void)buf_printf(h->out, "<path class=\"bar %s\" d=\"", kind);
    for (size_t i = 0; i < count; i++) {
        double height = (double)of(&days[i]) / (double)end * SPARK;

        if (height > 0)
            (void)buf_printf(h->out, "M%zu %dv-%.1fh3V%dz", i * 4, SPARK,
                             height < 1.5 ? 1.5 : height, SPARK);
    }
    (void)buf_puts(h->out, "\"/>");
}

void
chart_spark(struct html *h, const struct chart_day *days, size_t count, const char *label)
{
    int64_t most = 1;

    for (size_t i = 0; i < count; i++)
        most = days[i].sessions > most ? days[i].sessions : most;
    (void)buf_printf(h->out,
                     "<svg class=\"spark\" viewBox=\"0 0 %zu %d\" "
                     "preserveAspectRatio=\"xMinYMid\" role=\"img\" ",
                     count * 4, SPARK);
    html_put(h, "aria-label=\"%s\">", label);
    put_spark(h, days, count, "sessions", sessions_of, most);
    put_spark(h, days, count, "failed", failed_of, most);
    (void)buf_puts(h->out, "</svg>");
}
