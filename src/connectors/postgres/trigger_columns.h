// What a captured table's columns were when its rows were read, against what they are now: whether an ALTER TABLE may
// have changed rows without a change of each being recorded.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace levada {

struct TriggerColumn {
  int number = 0;  // pg_attribute.attnum: the same for as long as the column lives, whatever its name is
  std::string name;
  std::string type;     // as format_type() has it
  bool filled = false;  // rows that are older than the column may have a value there

  // `filled` says how a column came to be, not what it is.
  bool operator==(const TriggerColumn& other) const {
    return number == other.number && name == other.name && type == other.type;
  }
};

// Whether the rows must be read again: a column was renamed or has another type, or one was added in which rows that
// were there have values, or that is called as another was before (`gone`: those of longer ago), whose values whoever
// has the rows still has.
bool rows_differ(std::span<const TriggerColumn> before, std::span<const std::string> gone,
                 std::span<const TriggerColumn> now);

// Names that were in use and are not: `gone` with those of `before`, without those of `now`. Sorted.
std::vector<std::string> names_gone(std::span<const TriggerColumn> before, std::vector<std::string> gone,
                                    std::span<const TriggerColumn> now);

// Stands for all of them in positions of older versions: a hash of names and types.
std::string columns_mark(std::span<const TriggerColumn> columns);

}  // namespace levada
