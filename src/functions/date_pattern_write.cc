// Dates and times as text, element by element of a pattern.
#include "batch/value.h"
#include "functions/date_names.h"
#include "functions/date_pattern.h"

namespace levada {
namespace {

constexpr std::string_view date_letters = "GuyMLdDQqE";
constexpr std::string_view time_letters = "HkKhmsSAnNa";

int day_of_year(const CivilDate& date) {
  return static_cast<int>(days_from_civil(date.year, date.month, date.day) - days_from_civil(date.year, 1, 1)) + 1;
}

}  // namespace

class DatePattern::Writer {
 public:
  explicit Writer(const DateTime& value)
      : value_(value), date_(civil_from_days(value.days)), zone_(value.zone ? *value.zone : TimeZone::utc()) {
    if (value.zone) utc_ = value.timestamp(zone_);
  }

  // False where the value does not have what the letter wants.
  bool write(const Element& e) {
    if (e.letter == 0) {
      out_ += e.literal;
      return true;
    }
    if (e.letter == '[' || e.letter == ']') return true;
    if (date_letters.find(e.letter) != std::string_view::npos) return value_.has_date && date(e);
    if (time_letters.find(e.letter) != std::string_view::npos) return value_.has_time && time(e);
    return value_.zone && zone(e);
  }
  std::string take() { return std::move(out_); }

 private:
  bool number(std::int64_t v, std::size_t width) {
    std::string digits = std::to_string(v < 0 ? -v : v);
    if (v < 0) out_ += '-';
    if (digits.size() < width) out_.append(width - digits.size(), '0');
    out_ += digits;
    return true;
  }
  bool year(std::int64_t v, std::size_t count) {
    if (count == 2) return number(((v % 100) + 100) % 100, 2);
    if (count >= 4 && std::to_string(v).size() > count && v > 0) out_ += '+';
    return number(v, count);
  }
  bool name(std::string_view full, std::size_t count) {
    out_ += count == 4 ? full : count == 5 ? full.substr(0, 1) : full.substr(0, 3);
    return true;
  }

  bool date(const Element& e) {
    switch (e.letter) {
      case 'u': return year(date_.year, e.count);
      case 'y': return year(date_.year > 0 ? date_.year : 1 - date_.year, e.count);
      case 'M':
      case 'L':
        return e.count <= 2 ? number(date_.month, e.count)
                            : name(month_names[static_cast<std::size_t>(date_.month) - 1], e.count);
      case 'd': return number(date_.day, e.count);
      case 'D': return number(day_of_year(date_), e.count);
      case 'E':
        return name(day_names[static_cast<std::size_t>(weekday(value_.days)) - 1], e.count == 5   ? 5
                                                                                   : e.count == 4 ? 4
                                                                                                  : 3);
      case 'G':
        if (e.count == 4)
          out_ += date_.year > 0 ? "Anno Domini" : "Before Christ";
        else
          out_ += e.count == 5 ? (date_.year > 0 ? "A" : "B") : (date_.year > 0 ? "AD" : "BC");
        return true;
      default: {
        int q = (date_.month - 1) / 3 + 1;
        if (e.count == 4) {
          constexpr std::array<std::string_view, 4> names = {"1st quarter", "2nd quarter", "3rd quarter",
                                                             "4th quarter"};
          out_ += names[static_cast<std::size_t>(q) - 1];
          return true;
        }
        if (e.count == 3) out_ += 'Q';
        return number(q, e.count == 2 ? 2 : 1);
      }
    }
  }

  bool time(const Element& e) {
    std::int64_t micros = value_.micros, hour = micros / 3'600'000'000;
    switch (e.letter) {
      case 'H': return number(hour, e.count);
      case 'k': return number(hour == 0 ? 24 : hour, e.count);
      case 'K': return number(hour % 12, e.count);
      case 'h': return number(hour % 12 == 0 ? 12 : hour % 12, e.count);
      case 'm': return number(micros / 60'000'000 % 60, e.count);
      case 's': return number(micros / 1'000'000 % 60, e.count);
      case 'S': {
        std::string digits = std::to_string(1'000'000'000 + micros % 1'000'000 * 1000);
        out_ += digits.substr(1, e.count);
        return true;
      }
      case 'A': return number(micros / 1000, e.count);
      case 'n': return number(micros % 1'000'000 * 1000, e.count);
      case 'N': return number(micros * 1000, e.count);
      default: out_ += hour < 12 ? "AM" : "PM"; return true;
    }
  }

  bool zone(const Element& e) {
    int offset = zone_.offset_seconds(utc_);
    switch (e.letter) {
      case 'X':
      case 'x': return this->offset(offset, e.count, e.letter == 'X' ? "Z" : "");
      case 'Z':
        if (e.count == 4) return localized(offset, true);
        return this->offset(offset, e.count == 5 ? 5 : 2, e.count == 5 ? "Z" : "");
      case 'O': return localized(offset, e.count == 4);
      case 'z': out_ += zone_.abbreviation(utc_); return true;
      default: out_ += zone_.name(); return true;
    }
  }
  bool offset(int seconds, std::size_t form, std::string_view zero) {
    if (seconds == 0 && !zero.empty()) {
      out_ += zero;
      return true;
    }
    bool colons = form == 3 || form == 5;
    out_ += seconds < 0 ? '-' : '+';
    int s = seconds < 0 ? -seconds : seconds;
    number(s / 3600, 2);
    if (form > 1 || s / 60 % 60 != 0) {
      if (colons) out_ += ':';
      number(s / 60 % 60, 2);
    }
    if (form >= 4 && s % 60 != 0) {
      if (colons) out_ += ':';
      number(s % 60, 2);
    }
    return true;
  }
  bool localized(int seconds, bool full) {
    out_ += "GMT";
    if (seconds == 0) return true;
    out_ += seconds < 0 ? '-' : '+';
    int s = seconds < 0 ? -seconds : seconds;
    number(s / 3600, full ? 2 : 1);
    if (full || s / 60 % 60 != 0) {
      out_ += ':';
      number(s / 60 % 60, 2);
    }
    return true;
  }

  const DateTime& value_;
  CivilDate date_;
  const TimeZone& zone_;
  std::int64_t utc_ = 0;
  std::string out_;
};

Result<std::string> DatePattern::write(const DateTime& value) const {
  Writer writer(value);
  for (const Element& e : elements_)
    if (!writer.write(e))
      return Error(ErrorKind::data, "the pattern '" + text_ + "' wants what the value does not have: the letter " +
                                        std::string(1, e.letter));
  return writer.take();
}

}  // namespace levada
