#include "cli/run_screen.h"

#include <fmt/core.h>

#include <cstdio>

#include "base/json.h"
#include "cli/text_table.h"

namespace levada {
namespace {

constexpr std::int64_t quiet_interval_ms = 10'000;
constexpr std::size_t bar_width = 24;

std::uint64_t rows_of(const ObjectReport& r) { return r.kind == "source" ? r.rows_out : r.rows_in; }

std::string bar(double fraction) {
  auto full = static_cast<std::size_t>(fraction * bar_width);
  return "[" + std::string(full, '=') + std::string(bar_width - full, ' ') + "]";
}

}  // namespace

RunScreen::RunScreen(bool live, bool quiet) : live_(live), quiet_(quiet) {}

// "salaries   source  running   6,954 rows  1.2 M/s  [=====   ] 41 %  about 3 s left"
std::string RunScreen::line(const ObjectReport& r, std::int64_t now_ms) {
  Seen& seen = seen_.try_emplace(r.name, Seen{now_ms, rows_of(r), 0}).first->second;
  if (now_ms - seen.ms >= 500) {
    double now_rate = static_cast<double>(rows_of(r) - seen.rows) * 1000 / static_cast<double>(now_ms - seen.ms);
    seen = {now_ms, rows_of(r), seen.rate == 0 ? now_rate : 0.7 * seen.rate + 0.3 * now_rate};
  }
  std::string text = fmt::format("{:<24} {:<7} {:<9} {:>14} rows {:>10}", r.name, r.kind, r.state, grouped(rows_of(r)),
                                 rate_text(seen.rate));
  if (r.dead_letters > 0) text += fmt::format("  {} dead letters", grouped(r.dead_letters));
  if (r.failures > 0) text += fmt::format("  {} failures", grouped(r.failures));
  if (r.progress_total > 0 && r.state != "finished") {
    double fraction = static_cast<double>(r.progress_done) / static_cast<double>(r.progress_total);
    text += fmt::format("  {} {:.0f} %", bar(std::min(fraction, 1.0)), fraction * 100);
    std::int64_t elapsed = now_ms - started_ms_;
    if (elapsed > 2000 && fraction > 0.01 && fraction < 1)
      text += "  about " +
              duration_text(static_cast<std::int64_t>(static_cast<double>(elapsed) * (1 - fraction) / fraction)) +
              " left";
    if (!r.progress_detail.empty()) text += "  " + r.progress_detail;
  }
  if (!r.reason.empty()) text += "  " + r.reason;
  return text;
}

void RunScreen::show(const std::vector<ObjectReport>& reports, std::int64_t now_ms) {
  if (started_ms_ == 0) started_ms_ = last_line_ms_ = now_ms;
  if (quiet_) return;
  if (!live_) {
    if (now_ms - last_line_ms_ < quiet_interval_ms) return;
    last_line_ms_ = now_ms;
    for (const ObjectReport& report : reports) std::fprintf(stderr, "%s\n", line(report, now_ms).c_str());
    return;
  }
  clear();
  std::string out;
  for (const ObjectReport& report : reports) out += line(report, now_ms) + "\n";
  std::fwrite(out.data(), 1, out.size(), stderr);
  lines_ = reports.size();
}

void RunScreen::clear() {
  if (lines_ > 0) std::fprintf(stderr, "\x1b[%zuA\x1b[J", lines_);
  lines_ = 0;
}

std::string closing_table(const std::vector<ObjectReport>& reports, std::int64_t elapsed_ms) {
  TextTable table{.columns = {"object", "kind", "state", "rows in", "rows out", "dead letters"},
                  .right = {false, false, false, true, true, true}};
  for (const ObjectReport& r : reports)
    table.rows.push_back({r.name, r.kind, r.state, grouped(r.rows_in), grouped(r.rows_out), grouped(r.dead_letters)});
  return table.text() + "in " + duration_text(elapsed_ms) + "\n";
}

std::string closing_json(const std::vector<ObjectReport>& reports, std::int64_t elapsed_ms) {
  Json objects{Json::Array()};
  for (const ObjectReport& r : reports) {
    Json object;
    object.set("name", r.name).set("kind", r.kind).set("state", r.state);
    if (!r.reason.empty()) object.set("reason", r.reason);
    object.set("rows_in", r.rows_in).set("rows_out", r.rows_out).set("dead_letters", r.dead_letters);
    object.set("failures", r.failures);
    objects.add(std::move(object));
  }
  Json json;
  json.set("v", 1).set("elapsed_ms", elapsed_ms).set("objects", std::move(objects));
  return json.text() + "\n";
}

}  // namespace levada
