// The program: finds the command and runs it.
#include <algorithm>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"

int main(int count, char** words) {
  using namespace levada;
  block_stop_signals();
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
