// The program: finds the command and runs it.
#include <algorithm>
#include <cstdlib>

#include "base/fail_point.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"

int main(int count, char** words) {
  using namespace levada;
  block_stop_signals();
  if (const char* named = std::getenv("LEVADA_FAIL_POINT")) {
    if (auto armed = arm_fail_point(named); !armed) {
      tell(armed.error());
      return exit_code(armed.error().kind());
    }
  }
  auto arguments = parse_arguments(count, words);
  if (!arguments) {
    tell(arguments.error());
    return exit_code(arguments.error().kind());
  }
  auto command = std::ranges::find(commands(), arguments->command, &Command::name);
  auto code = command->run(*arguments);
  if (code) return *code;
  tell(code.error());
  return exit_code(code.error().kind());
}
