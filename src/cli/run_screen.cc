#include "cli/run_screen.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "base/assert.h"
#include "base/json.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace levada {
namespace {

constexpr std::int64_t quiet_interval_ms = 10'000;
constexpr std::size_t bar_width = 24;

std::uint64_t rows_of(const ObjectReport& r) { return r.kind == "source" ? r.rows_out : r.rows_in; }

// At most so many characters.
std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t end = 0, seen = 0;
  while (end < text.size() && (seen < width - 1 || (text[end] & 0xC0) == 0x80)) seen += (text[end++] & 0xC0) != 0x80;
  return text.substr(0, end) + "…";
}

std::string_view colour_of(std::string_view state) {
  if (state == "failed" || state == "position lost") return "\x1b[31m";
  if (state == "retrying" || state == "waiting") return "\x1b[33m";
  if (state == "running") return "\x1b[32m";
  return "";
}

std::string bar(double fraction) {
  auto full = static_cast<std::size_t>(fraction * bar_width);
  return "[" + std::string(full, '=') + std::string(bar_width - full, ' ') + "]";
}

}  // namespace

RunScreen::RunScreen(bool live, bool quiet) : live_(live), quiet_(quiet) {}

// "SALARIES   source  running   6,954 rows  1.2 M/s  41 %  3 s left  [=====   ]"
std::string RunScreen::line(const ObjectReport& r, std::size_t name_width, std::int64_t now_ms) {
  Seen& seen = seen_.try_emplace(r.name, Seen{.ms = now_ms, .rows = rows_of(r), .rate = 0}).first->second;
  if (now_ms - seen.ms >= 500) {
    double now_rate = static_cast<double>(rows_of(r) - seen.rows) * 1000 / static_cast<double>(now_ms - seen.ms);
    seen.rate = seen.rate == 0 ? now_rate : 0.7 * seen.rate + 0.3 * now_rate;
    seen.ms = now_ms;
    seen.rows = rows_of(r);
  }
  std::string text = fmt::format("{:<{}}  {:<7}", r.name, name_width, r.kind);
  std::size_t state_at = text.size();
  text += fmt::format(" {:<9} {:>14} rows {:>10}", r.state, grouped(rows_of(r)), rate_text(seen.rate));
  if (r.dead_letters > 0) text += fmt::format("  {} dead letters", grouped(r.dead_letters));
  if (r.failures > 0) text += fmt::format("  {} failures", grouped(r.failures));
  if (r.progress_total > 0 && r.state != "finished") {
    double fraction = static_cast<double>(r.progress_done) / static_cast<double>(r.progress_total);
    text += fmt::format("  {:.0f} %", fraction * 100);
    if (seen.progress_ms == 0) seen.progress_ms = now_ms, seen.progress_done = r.progress_done;
    // At the pace of this run: what an earlier one has done took none of its time.
    std::int64_t elapsed = now_ms - seen.progress_ms;
    if (elapsed > 2000 && r.progress_done > seen.progress_done && fraction < 1) {
      double pace = static_cast<double>(r.progress_done - seen.progress_done) / static_cast<double>(elapsed);
      auto left_s = static_cast<std::int64_t>(static_cast<double>(r.progress_total - r.progress_done) / pace / 1000);
      text += "  " + (left_s < 60 ? std::to_string(left_s + 1) + " s" : duration_text(left_s * 1000)) + " left";
    }
    text += "  " + bar(std::min(fraction, 1.0));  // what a narrow terminal cuts off is told above
    if (!r.progress_detail.empty()) text += "  " + r.progress_detail;
  }
  if (!r.reason.empty()) text += "  " + r.reason;
  if (!live_) return text;
  text = cut(text, terminal_columns() - 1);
  if (std::string_view colour = colour_of(r.state); !colour.empty() && text.size() > state_at + 10) {
    text.insert(state_at + 10, "\x1b[0m");
    text.insert(state_at, colour);
  }
  return text;
}

void RunScreen::show(const std::vector<ObjectReport>& reports, std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  if (started_ms_ == 0) started_ms_ = last_line_ms_ = now_ms;
  if (quiet_) return;
  if (!live_ && now_ms - last_line_ms_ < quiet_interval_ms) return;
  last_line_ms_ = now_ms;
  std::size_t name_width = 0;
  for (const ObjectReport& report : reports) name_width = std::max(name_width, report.name.size());
  std::string out;
  for (const ObjectReport& report : reports) out += line(report, name_width, now_ms) + "\n";
  take_away();
  std::fwrite(out.data(), 1, out.size(), stderr);
  if (live_) lines_ = reports.size();
}

void RunScreen::say(std::string_view line) {
  std::lock_guard lock(mutex_);
  take_away();
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void RunScreen::clear() {
  std::lock_guard lock(mutex_);
  take_away();
}

void RunScreen::take_away() {
  if (lines_ > 0) std::fprintf(stderr, "\x1b[%zuA\r\x1b[J", lines_);
  lines_ = 0;
}

void sort_by_kind(std::vector<ObjectReport>& reports) {
  auto place = [](const ObjectReport& r) { return r.kind == "source" ? 0 : r.kind == "query" ? 1 : 2; };
  std::ranges::stable_sort(reports, {}, place);
}

std::string closing_table(const std::vector<ObjectReport>& reports, std::int64_t elapsed_ms) {
  TextTable table{.columns = {"object", "kind", "state", "rows in", "rows out", "dead letters", "time"},
                  .right = {false, false, false, true, true, true, true}};
  for (const ObjectReport& r : reports)
    table.rows.push_back({r.name, r.kind, r.state, grouped(r.rows_in), grouped(r.rows_out), grouped(r.dead_letters),
                          duration_text(r.busy_ms)});
  return table.text() + "in " + duration_text(elapsed_ms) + "\n";
}

std::string status_table(const RunReport& report, std::int64_t now_ms) {
  std::string text = "pipeline " + report.pipeline + ": ";
  std::int64_t until_ms = report.run == "running" ? now_ms : report.written_ms;
  if (report.run == "running")
    text += "running for " + duration_text(now_ms - report.started_ms) + ", process " + std::to_string(report.process);
  else
    text += (report.run == "gone" ? "the process died without a word, last seen" : report.run) + " " +
            duration_text(now_ms - report.written_ms) + " ago";
  TextTable table{.columns = {"object", "kind", "state", "for", "rows in", "rows out", "behind", "dead letters", ""},
                  .right = {false, false, false, true, true, true, true, true, false}};
  for (const ObjectReport& r : report.objects) {
    std::string behind = r.behind_records ? grouped(*r.behind_records) : r.lag_ms ? duration_text(*r.lag_ms) : "";
    std::string more;
    if (r.progress_total > 0 && r.state != "finished") {
      more =
          fmt::format("{:.0f} %", 100 * static_cast<double>(r.progress_done) / static_cast<double>(r.progress_total));
      if (r.progress_left_ms) more += ", " + duration_text(*r.progress_left_ms) + " left";
      if (!r.progress_detail.empty()) more += ", " + r.progress_detail;
    }
    if (!r.reason.empty()) more += (more.empty() ? "" : "; ") + r.reason;
    table.rows.push_back({r.name, r.kind, r.state, duration_text(until_ms - r.since_ms), grouped(r.rows_in),
                          grouped(r.rows_out), behind, grouped(r.dead_letters), more});
  }
  return text + "\n" + table.text();
}

static std::string_view name_of(Ended ended) {
  switch (ended) {
    case Ended::caught_up: return "caught up";
    case Ended::failed: return "failed";
    case Ended::stopped: return "stopped";
  }
  LV_UNREACHABLE();
}

std::string closing_json(const std::vector<ObjectReport>& reports, Ended ended, std::int64_t elapsed_ms) {
  Json objects{Json::Array()};
  for (const ObjectReport& r : reports) {
    Json object;
    object.set("name", r.name).set("kind", r.kind).set("state", r.state);
    if (!r.reason.empty()) object.set("reason", r.reason);
    object.set("rows_in", r.rows_in).set("rows_out", r.rows_out).set("dead_letters", r.dead_letters);
    object.set("busy_ms", r.busy_ms);
    object.set("failures", r.failures);
    objects.add(std::move(object));
  }
  Json json;
  json.set("v", 1).set("ended", name_of(ended)).set("elapsed_ms", elapsed_ms).set("objects", std::move(objects));
  return json.text() + "\n";
}

}  // namespace levada
