#include "base/error.h"

#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace levada {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::statement: return "statement";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::not_found: return "not found";
    case ErrorKind::unreachable: return "unreachable";
    case ErrorKind::permission: return "permission";
    case ErrorKind::data: return "data";
    case ErrorKind::rejected: return "rejected";
    case ErrorKind::disk_full: return "disk full";
    case ErrorKind::damaged: return "damaged";
    case ErrorKind::refused: return "refused";
    case ErrorKind::position_lost: return "position lost";
    case ErrorKind::fenced: return "fenced";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::io: return "io";
  }
  LV_UNREACHABLE();
}

bool worth_retrying(ErrorKind kind) { return kind == ErrorKind::unreachable || kind == ErrorKind::disk_full; }

Error::Error(ErrorKind kind, std::string what) : text_(new Text{kind, std::move(what), {}, {}, {}}) {}

Error&& Error::where(std::string text) && {
  text_->where = std::move(text);
  return std::move(*this);
}
Error&& Error::why(std::string text) && {
  text_->why = std::move(text);
  return std::move(*this);
}
Error&& Error::remedy(std::string text) && {
  text_->remedy = std::move(text);
  return std::move(*this);
}
Error&& Error::within(std::string_view what) && {
  text_->what = std::string(what) + ": " + text_->what;
  return std::move(*this);
}

Error Error::copy() const {
  Error e(kind(), what());
  *e.text_ = *text_;
  return e;
}

static void add(std::string& text, std::string_view label, const std::string& part) {
  if (part.empty()) return;
  text += "\n  ";
  text += label;
  for (char c : part) {
    text += c;
    if (c == '\n') text += "  ";
  }
}

std::string Error::text() const {
  std::string text = "error: " + what();
  add(text, "", where());
  add(text, "why: ", why());
  add(text, "do: ", remedy());
  return text;
}

std::string Error::line() const {
  std::string line = what();
  if (!where().empty()) line += " at " + where().substr(0, where().find('\n'));
  if (!why().empty()) line += ": " + why();
  if (!remedy().empty()) line += " (" + remedy() + ")";
  for (char& c : line)
    if (c == '\n') c = ' ';
  return line;
}

static ErrorKind kind_of(int error_number) {
  switch (error_number) {
    case ENOENT: return ErrorKind::not_found;
    case EACCES:
    case EPERM: return ErrorKind::permission;
    case ENOSPC:
    case EDQUOT: return ErrorKind::disk_full;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH: return ErrorKind::unreachable;
    default: return ErrorKind::io;
  }
}

Error system_error(std::string what, int error_number) {
  return Error(kind_of(error_number), std::move(what)).why(std::strerror(error_number));
}

}  // namespace levada
