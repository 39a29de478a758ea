// The main of every doctest program. `levada_unit_test -ts=log` runs one folder's tests; with `-r=lines` each test case
// ends with a line for ./check: ok NAME, FAILED NAME, or skipped NAME: why.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <utility>

#include "tests/skip.h"

namespace {

std::string skipped_because;

// doctest's own report of what failed, and the line behind it.
class Lines : public doctest::ConsoleReporter {
 public:
  explicit Lines(const doctest::ContextOptions& options) : ConsoleReporter(options) {}

  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData& test) override {
    ConsoleReporter::test_case_start(test);
    skipped_because.clear();
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    ConsoleReporter::test_case_end(stats);
    std::string reason = std::exchange(skipped_because, {});
    if (!stats.testCaseSuccess)
      end("FAILED ", *tc, "");
    else if (!reason.empty())
      end("skipped ", *tc, ": " + reason);
    else
      end("ok ", *tc, "");
  }
  void test_case_skipped(const doctest::TestCaseData& test) override {
    if (test.m_skip) end("skipped ", test, ": marked with doctest::skip");
  }

 private:
  void end(const char* verdict, const doctest::TestCaseData& test, const std::string& reason) {
    s << doctest::Color::None << verdict << test.m_test_suite << ": " << test.m_name << reason << std::endl;
  }
};

DOCTEST_REGISTER_REPORTER("lines", 1, Lines);

}  // namespace

void levada::skip_test(std::string reason) { skipped_because = std::move(reason); }
