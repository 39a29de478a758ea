// The table of commands, and what each returns to the shell:
//
//   0 done                                            5 not found
//   1 the thing asked for failed (statement, check)   6 permission
//   2 wrong usage                                     7 log or state damaged; nothing was changed
//   3 done, but some records are dead letters         8 refused because unsafe (position lost, second writer, changed
//   4 a server, database or disk cannot be had now      query)
//   130 stopped at once by a second Ctrl-C
#pragma once
#include <span>
#include <string_view>

#include "base/error.h"
#include "cli/arguments.h"

namespace levada {

struct Command {
  std::string_view name;
  Result<int> (*run)(const Arguments& arguments);  // the exit code
};

std::span<const Command> commands();

int exit_code(ErrorKind kind);

}  // namespace levada
