#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include "base/near_name.h"

namespace levada {
namespace {

constexpr const char* footer =
    "Exit codes: 0 done; 1 what was asked for failed (a statement, a check); 2 wrong usage; 3 done, but with dead "
    "letters;\n"
    "4 a server or database does not answer; 5 not found; 6 no permission; 7 the log or state is damaged, nothing was "
    "changed;\n"
    "8 refused, because going on would be unsafe; 130 stopped at once by a second Ctrl-C.";

// The parser with its commands; `arguments` is filled while it parses.
class CommandLine {
 public:
  explicit CommandLine(Arguments& arguments)
      : a_(arguments), app_("Change data from where it falls to where it is needed.", "levada") {
    app_.require_subcommand(0, 1);
    app_.footer(footer);
    app_.set_help_flag("-h,--help", "Show this and stop");
    app_.add_flag("--version", version_, "Show the version and stop");

    CLI::App* run = command("run", "Run the pipeline that a SQL file declares, until Ctrl-C");
    script(run);
    log(run);
    run->add_flag("--until-caught-up", a_.until_caught_up,
                  "End when all that is there now has been read and delivered");
    run->add_option("--name", a_.name,
                    "Name of the pipeline: tells it from others that write to the same target (default: the file's)");
    run->add_option("--workers", a_.workers, "Threads for queries (default: one for each core)")
        ->check(CLI::Range(0, 1024));
    shared(run);

    CLI::App* check = command("check", "Find everything that is wrong with a SQL file without running it");
    script(check);
    check->add_flag("--connect", a_.connect, "Look at the targets too: reachable, tables and columns fit");
    shared(check);

    CLI::App* explain =
        command("explain", "Show the plans of a SQL file's queries, and how they are joined into tasks");
    script(explain);
    shared(explain);

    CLI::App* print = command("print", "Show the records of a topic, also while a pipeline runs");
    print->add_option("TOPIC", a_.topic, "The topic")->required();
    log(print);
    print->add_flag("--from-beginning", a_.from_beginning, "Begin with the oldest record, not with what comes");
    print->add_option("--limit", a_.limit, "End after so many records")->check(CLI::NonNegativeNumber);
    print->add_flag("!--no-follow", a_.follow, "End where the topic ends now");
    shared(print);

    CLI::App* topics = command("topics", "List the topics of a log");
    log(topics);
    topics->add_flag("--all", a_.all, "Internal topics too");
    shared(topics);

    CLI::App* dlq = command("dlq", "Dead letters: records that could not be read, decoded, checked or written");
    dlq->require_subcommand(1);
    action(dlq, "list", "List the dead letters");
    CLI::App* show = action(dlq, "show", "Show dead letters with their bytes");
    show->add_option("NUMBER", a_.numbers, "Numbers of `levada dlq list`")->required();
    CLI::App* replay =
        action(dlq, "replay", "Send dead letters' records on their way again; the pipeline must not be running");
    replay->add_option("NUMBER", a_.numbers, "Numbers of `levada dlq list`");
    replay->add_flag("--all", a_.all, "All of them");
    replay->add_option("--value", a_.value, "The corrected bytes, in the place of the letter's own");
    replay->add_option("--file", a_.file, "The pipeline's SQL file, for the connector's passwords");
    replay->add_option("--name", a_.name, "Name of the pipeline, if it has one of its own");

    CLI::App* version = command("version", "Show the version");
    shared(version);
    CLI::App* help = command("help", "Show what a command does");
    help->add_option("COMMAND", a_.text, "The command");
  }

  Result<void> parse(int count, const char* const* words) {
    try {
      app_.parse(count, words);
    } catch (const CLI::CallForHelp&) {
      a_.command = "help";
      a_.text = commands_of(app_);
      return {};
    } catch (const CLI::ParseError& e) {
      return Error(ErrorKind::usage, lower(e.what())).remedy(suggestion(count, words));
    }
    a_.command = version_ ? "version" : commands_of(app_);
    if (std::size_t blank = a_.command.find(' '); blank != std::string::npos) {
      a_.action = a_.command.substr(blank + 1);
      a_.command.resize(blank);
    }
    if (a_.command.empty()) a_.command = "help";
    if (output_ == "json") a_.output = OutputForm::json;
    return {};
  }

  std::string help(const std::string& name) {
    if (name.empty()) return app_.help();
    CLI::App* app = &app_;
    std::string rest = name;
    while (!rest.empty()) {
      std::size_t blank = std::min(rest.find(' '), rest.size());
      try {
        app = app->get_subcommand(rest.substr(0, blank));
      } catch (const CLI::OptionNotFound&) {
        return app_.help();
      }
      rest.erase(0, blank + 1);
    }
    return app->help();
  }

 private:
  CLI::App* command(const std::string& name, const std::string& doc) {
    CLI::App* app = app_.add_subcommand(name, doc);
    app->set_help_flag("-h,--help", "Show this and stop");
    names_.push_back(name);
    return app;
  }
  CLI::App* action(CLI::App* of, const std::string& name, const std::string& doc) {
    CLI::App* app = of->add_subcommand(name, doc);
    log(app);
    app->add_option("--topic", a_.topic, "The dead letter topic (default: _dead_letters)");
    shared(app);
    return app;
  }
  void script(CLI::App* app) { app->add_option("FILE", a_.file, "The SQL file")->required(); }
  void log(CLI::App* app) {
    app->add_option("--log", a_.log, "Where the log is: embedded:DIRECTORY")->default_str("embedded:levada-data");
  }
  void shared(CLI::App* app) {
    app->add_option("--output", output_, "table, or json: one JSON text a line")
        ->check(CLI::IsMember({"table", "json"}));
    app->add_flag("--quiet", a_.quiet, "Say only what went wrong");
    app->add_flag("--verbose", a_.verbose, "Say what is going on");
    app->add_flag("--no-color", a_.no_color, "No colours and no redrawing");
  }

  // "dlq show" for what was called, in the order of nesting.
  static std::string commands_of(const CLI::App& app) {
    std::string name;
    for (const CLI::App* sub : app.get_subcommands()) {
      std::string inner = commands_of(*sub);
      name = sub->get_name() + (inner.empty() ? "" : " " + inner);
    }
    return name;
  }
  std::string suggestion(int count, const char* const* words) const {
    std::string near = count > 1 ? did_you_mean(words[1], names_) : "";
    bool known = count > 1 && std::ranges::find(names_, words[1]) != names_.end();
    if (known) return "levada help " + std::string(words[1]) + " shows what it takes.";
    return near.empty() ? "levada help shows the commands." : near;
  }
  static std::string lower(std::string text) {
    if (!text.empty() && !(text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1]))))
      text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
  }

  Arguments& a_;
  CLI::App app_;
  std::vector<std::string> names_;
  std::string output_ = "table";
  bool version_ = false;
};

}  // namespace

Result<Arguments> parse_arguments(int count, const char* const* words) {
  Arguments arguments;
  CommandLine line(arguments);
  LV_TRY(line.parse(count, words));
  return arguments;
}

std::string help_text(const std::string& command) {
  Arguments ignored;
  return CommandLine(ignored).help(command);
}

}  // namespace levada
