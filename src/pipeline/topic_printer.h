// PRINT: the records of a topic as text, whatever they are. The format is that of a stream or table over the topic if
// there is one; else it is guessed from the bytes: JSON and other text as they are, the rest in hexadecimal.
#pragma once
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "levada/levada.h"
#include "log/log.h"
#include "sql/catalog.h"

namespace levada {

struct PrintRange {
  bool from_beginning = false;  // false: only what comes
  bool follow = false;          // false: end where the topic ends now
};

class TopicPrinter {
 public:
  // Both outlive the printer.
  TopicPrinter(Log& log, const Catalog& catalog) : log_(log), catalog_(catalog) {}
  // Calls `take` for one record after the other, by partition and offset, until it returns false or a stop is
  // requested.
  Result<void> print(const std::string& topic, PrintRange range, std::stop_token stop,
                     const std::function<bool(const PrintedRecord&)>& take);

 private:
  Log& log_;
  const Catalog& catalog_;
};

}  // namespace levada
