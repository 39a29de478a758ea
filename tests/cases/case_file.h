// A file of cases, in any of the three languages of docs/testing.md:
//
//   # What the file is about.
//
//   === before each                                      played before every case of the file, if there is any; may be
//   CREATE STREAM r (v STRING) WITH (…);                 left out
//
//   === a sentence that holds
//   CREATE STREAM s (id INT KEY, v STRING) WITH (…);     a step: what is done …
//   @run
//   SELECT * FROM s;
//   ----
//   ID INTEGER | V STRING                                … and what is to come of it, up to an empty line
//   1 | a
//
//   DROP STREAM s;                                       the next step of the same case
//   ----
//   Stream S dropped
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace levada::cases {

using Lines = std::vector<std::string>;

// What is done, line by line as it stands in the file, and what is to come of it.
struct Step {
  Lines input, expected;
};
struct Case {
  std::string name;
  std::size_t line = 0;  // of the name, from 1
  std::vector<Step> steps;
};
struct CaseFile {
  Lines head;         // before the first case
  Lines before_each;  // is done, and nothing is expected
  std::vector<Case> cases;
};

Result<CaseFile> read_cases(std::string_view text);
// read_cases() of it is the same file again. In what comes of a step, an empty line is written as a full stop.
std::string text_of(const CaseFile& file);

Lines lines_of(std::string_view text);

// The two as one list: lines of both behind two blanks, of the expected ones only behind "- ", of the actual ones only
// behind "+ ".
Lines difference(const Lines& expected, const Lines& actual);

}  // namespace levada::cases
