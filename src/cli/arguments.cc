#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include <charconv>

#include "base/near_name.h"

namespace levada {
namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 what was asked for failed (a statement, a check); 2 wrong usage; 3 done, but with dead "
    "letters;\n"
    "4 a server, database or disk cannot be had now; 5 not found; 6 no permission; 7 the log or state is damaged, "
    "nothing\n"
    "was changed; 8 refused, because going on would be unsafe; 130 stopped at once by a second Ctrl-C.";

// A check of an option's text: the complaint, or nothing.
std::string whole_number(const std::string& text, std::int64_t from, std::int64_t to) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= from && number <= to) return {};
  std::string range = to == INT64_MAX ? std::to_string(from) + " or more"
                                      : "from " + std::to_string(from) + " to " + std::to_string(to);
  return "'" + text + "' is not a whole number, " + range;
}

// The parser with its commands; `arguments` is filled while it parses.
class CommandLine {
 public:
  explicit CommandLine(Arguments& arguments)
      : a_(arguments), app_("Change data from where it falls to where it is needed.", "levada") {
    app_.require_subcommand(0, 1);
    app_.footer(exit_codes);
    app_.set_help_flag("-h,--help", "Show this and stop");
    app_.add_flag("--version", version_, "Show the version and stop");
    auto form = app_.get_formatter();
    form->column_width(24);
    form->label("Positionals", "Arguments");
    form->label("SUBCOMMAND", "COMMAND");
    form->label("REQUIRED", "");

    CLI::App* run = command("run", "Run the pipeline that a SQL file declares, until Ctrl-C");
    script(run);
    log(run);
    run->add_flag("--until-caught-up", a_.until_caught_up,
                  "End when all that is there now has been read and delivered");
    run->add_option("--name", a_.name,
                    "Name of the pipeline: tells it from others that write to the same target (default: the file's)")
        ->type_name("NAME");
    run->add_flag("--keep-going", a_.keep_going,
                  "When an object has failed the others go on; the exit code at the end is the failure's");
    number(run->add_option("--workers", a_.workers, "Threads for queries (default: one for each core)"), 0, 1024);
    shared(run);
    run->footer(
        "Ctrl-C commits what was done and ends with 0; a second one ends at once. Started again, it goes on from "
        "there.\n"
        "Example: levada run salary.sql --log embedded:salary-data --until-caught-up\n" +
        std::string(exit_codes));

    CLI::App* check = command("check", "Find everything that is wrong with a SQL file without running it");
    script(check);
    check->add_flag("--connect", a_.connect,
                    "Look outside too: files are there, databases answer, tables and columns fit");
    shared(check);
    check->footer("Example: levada check salary.sql --connect\nExit codes: 0 nothing is wrong; 1 something is.");

    CLI::App* explain =
        command("explain", "Show the plans of a SQL file's queries, and how they are joined into tasks");
    script(explain);
    shared(explain);
    explain->footer("Example: levada explain salary.sql");

    CLI::App* print = command("print", "Show the records of a topic, also while a pipeline runs");
    print->add_option("TOPIC", a_.topic, "The topic")->required()->type_name("");
    log(print);
    print->add_flag("--from-beginning", a_.from_beginning, "Begin with the oldest record, not with what comes");
    number(print->add_option("--limit", a_.limit, "End after so many records"), 0, INT64_MAX);
    print->add_flag("!--no-follow", a_.follow, "End where the topic ends now");
    shared(print);
    print->footer("Example: levada print orders --from-beginning --limit 10");

    CLI::App* status = command("status", "Show how the objects of a pipeline are doing, also while it runs");
    log(status);
    shared(status);
    status->footer(
        "Example: levada status --log embedded:salary-data --output json\n"
        "States: starting, running, idle, waiting (only for refused records that will be tried again), retrying (what "
        "is "
        "outside\nis away), failed, position lost, finished. Behind a pipeline's end: how it ended.\n"
        "Exit codes: 0 it runs, or has ended well; 1 an object has failed, or the process died; 5 no pipeline has run "
        "there.");

    CLI::App* topics = command("topics", "List the topics of a log");
    log(topics);
    topics->add_flag("--all", a_.all, "Internal topics too");
    shared(topics);

    CLI::App* dlq = command("dlq", "Dead letters: records that could not be read, decoded, checked or written");
    dlq->require_subcommand(1);
    CLI::App* list = action(dlq, "list", "List the dead letters");
    choice(list);
    number(list->add_option("--limit", a_.limit, "Only the last so many of them"), 0, INT64_MAX);
    CLI::App* show = action(dlq, "show", "Show dead letters with their bytes");
    numbers(show)->required();
    CLI::App* replay =
        action(dlq, "replay", "Send dead letters' records on their way again; by the pipeline, if it is running");
    numbers(replay);
    replay->add_flag("--all", a_.all, "All that are open, or those of them that the options choose");
    choice(replay);
    replay
        ->add_option("--value", a_.value,
                     "The corrected bytes, in the place of the letter's own; JSON for an AVRO row that broke a rule")
        ->type_name("BYTES");
    replay->add_option("--file", a_.file, "The pipeline's SQL file, for the connector's passwords")->type_name("FILE");
    replay->add_option("--name", a_.name, "Name of the pipeline, if it has one of its own")->type_name("NAME");
    CLI::App* discard = action(dlq, "discard", "Say that nothing is to be done about dead letters; they stay");
    numbers(discard);
    discard->add_flag("--all", a_.all, "All that are open, or those of them that the options choose");
    choice(discard);
    dlq->footer(
        "Example: levada dlq list; levada dlq show 3; levada dlq replay 3 --value '7,Lisboa,2026-01-31' --file "
        "orders.sql");

    CLI::App* import = command("import", "Show the SQL of a Kafka Connect configuration: JSON or a properties file");
    import->add_option("FILE", a_.file, "The configuration")->required()->type_name("");
    import->add_flag("--secrets-from-env", a_.secrets_from_env,
                     "Passwords become references to the environment, as ${env:DATABASE_PASSWORD}");
    shared(import);
    import->footer(
        "Example: levada import register-postgres.json --secrets-from-env > inventory.sql\n"
        "Exit codes: 0 the statement can be run; 1 something of it cannot be had here, which its comments say.");

    CLI::App* version = command("version", "Show the version");
    shared(version);
    CLI::App* help = command("help", "Show what a command does");
    help->add_option("COMMAND", about_, "The command, as in: levada help dlq replay")->type_name("");
  }

  Result<void> parse(int count, const char* const* words) {
    try {
      app_.parse(count, words);
    } catch (const CLI::CallForHelp&) {
      a_.command = "help";
      a_.text = commands_of(app_);
      return {};
    } catch (const CLI::ArgumentMismatch& e) {
      return wrong(std::string(e.what()).substr(0, std::string_view(e.what()).find(':')) + " needs a value");
    } catch (const CLI::ParseError& e) {
      return wrong(lower(e.what()));
    }
    a_.command = version_ ? "version" : commands_of(app_);
    if (std::size_t blank = a_.command.find(' '); blank != std::string::npos) {
      a_.action = a_.command.substr(blank + 1);
      a_.command.resize(blank);
    }
    if (a_.command.empty()) a_.command = "help";
    for (const std::string& word : about_) a_.text += (a_.text.empty() ? "" : " ") + word;
    if (output_ == "json") a_.output = OutputForm::json;
    return {};
  }

  Result<std::string> help(const std::string& name) {
    CLI::App* app = &app_;
    std::string rest = name, before;
    while (!rest.empty()) {
      std::size_t blank = std::min(rest.find(' '), rest.size());
      std::string word = rest.substr(0, blank);
      auto inner = app->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == word; });
      if (inner.empty()) return unknown(*app, word);
      before += (before.empty() ? "" : " ") + app->get_name();
      app = inner.front();
      rest.erase(0, blank + 1);
    }
    return app->help(before);
  }

 private:
  CLI::App* command(const std::string& name, const std::string& doc) {
    CLI::App* app = app_.add_subcommand(name, doc);
    app->set_help_flag("-h,--help", "Show this and stop");
    app->group("Commands")->footer("");
    return app;
  }
  CLI::App* action(CLI::App* of, const std::string& name, const std::string& doc) {
    CLI::App* app = of->add_subcommand(name, doc);
    app->group("Commands")->footer("");
    log(app);
    app->add_option("--topic", a_.topic, "The dead letter topic (default: _dead_letters)")->type_name("TOPIC");
    shared(app);
    return app;
  }
  // Which dead letters.
  void choice(CLI::App* app) {
    app->add_option("--object", a_.object, "Only those that this object gave up")->type_name("NAME");
    app->add_option("--stage", a_.stage, "Only those of this stage: read, decode, check, encode or write")
        ->type_name("STAGE");
    app->add_option("--cause", a_.cause, "Only those whose cause has this text")->type_name("TEXT");
    app->add_option("--from", a_.from, "Only those of records of this topic")->type_name("TOPIC");
    app->add_option("--since", a_.since, "Only those written then or later: 2026-01-31T12:00:00Z")->type_name("TIME");
    app->add_option("--until", a_.until, "Only those written before")->type_name("TIME");
    app->add_flag("--open", a_.open, "Only those neither replayed nor discarded");
  }
  void script(CLI::App* app) {
    app->add_option("FILE", a_.file, "The SQL file; - is the standard input")->required()->type_name("");
  }
  void log(CLI::App* app) {
    app->add_option("--log", a_.log, "Where the log is (default: embedded:levada-data)")
        ->type_name("embedded:DIRECTORY");
  }
  CLI::Option* numbers(CLI::App* app) {
    return number(app->add_option("NUMBER", a_.numbers, "Numbers of `levada dlq list`"), 0, INT64_MAX)->type_name("");
  }
  static CLI::Option* number(CLI::Option* option, std::int64_t from, std::int64_t to) {
    return option->check([=](const std::string& text) { return whole_number(text, from, to); })->type_name("N");
  }
  void shared(CLI::App* app) {
    app->add_option("--output", output_, "table, or json: one JSON text a line")
        ->check([](const std::string& text) {
          return text == "table" || text == "json" ? "" : "'" + text + "' is neither table nor json";
        })
        ->type_name("FORM");
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

  // The innermost command that was understood.
  const CLI::App& called() const {
    const CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return *app;
  }
  // "levada dlq show"
  static std::string path(const CLI::App& app) {
    return app.get_parent() ? path(*app.get_parent()) + " " + app.get_name() : app.get_name();
  }
  static std::string help_of(const CLI::App& app) {
    return "levada help" + path(app).substr(std::string_view("levada").size());
  }

  // What is wrong with the words: a word that nothing expects is more telling than what is missing because of it.
  Error wrong(const std::string& complaint) const {
    const CLI::App& app = called();
    std::vector<std::string> rest = app_.remaining(true);
    std::erase(rest, "--");
    bool inner = !app.get_subcommands([](const CLI::App*) { return true; }).empty();
    if (rest.empty() && inner) return unknown(app, {});
    if (rest.empty()) return Error(ErrorKind::usage, complaint).remedy(help_of(app) + " shows what it takes.");
    auto option = std::ranges::find_if(rest, [](const std::string& word) { return word.starts_with('-'); });
    if (option != rest.end() && (!inner || option == rest.begin())) {
      std::string name = option->substr(0, option->find('='));
      std::vector<std::string> names;
      for (const CLI::Option* known : app.get_options())
        for (const std::string& long_name : known->get_lnames()) names.push_back("--" + long_name);
      std::string near = did_you_mean(name, names);
      auto longer = std::ranges::find_if(names, [&](const std::string& known) { return known.starts_with(name); });
      if (near.empty() && name.size() > 3 && longer != names.end()) near = "Did you mean " + *longer + "?";
      return Error(ErrorKind::usage, path(app) + " has no option " + name)
          .remedy((near.empty() ? "" : near + " ") + help_of(app) + " shows what it takes.");
    }
    if (inner) return unknown(app, rest.front());
    return Error(ErrorKind::usage, "'" + rest.front() + "' is one word too many for " + path(app))
        .remedy(help_of(app) + " shows what it takes.");
  }

  static Error unknown(const CLI::App& of, const std::string& word) {
    std::vector<std::string> names;
    std::string list;
    for (const CLI::App* app : of.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(app->get_name());
      list += (list.empty() ? "" : ", ") + names.back();
    }
    std::string near = did_you_mean(word, names);
    std::string what =
        word.empty() ? path(of) + " needs a command behind it" : "there is no command '" + path(of) + " " + word + "'";
    return Error(ErrorKind::usage, what)
        .remedy((near.empty() ? "" : near + " ") + (list.empty() ? help_of(of) + "." : "There are " + list + "."));
  }

  static std::string lower(std::string text) {
    if (!text.empty() && !(text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1]))))
      text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
  }

  Arguments& a_;
  CLI::App app_;
  std::vector<std::string> about_;
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

Result<std::string> help_text(const std::string& command) {
  Arguments ignored;
  return CommandLine(ignored).help(command);
}

}  // namespace levada
