#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace levada {

bool colourful_terminal() {
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  return !(no_color && *no_color) && ::isatty(STDERR_FILENO) && term && *term && std::string_view(term) != "dumb";
}

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void tell(const Error& error) {
  std::string text = error.text() + "\n";
  constexpr std::string_view word = "error:";
  if (colourful_terminal() && text.starts_with(word))
    text = "\x1b[1;31m" + std::string(word) + "\x1b[0m" + text.substr(word.size());
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace levada
