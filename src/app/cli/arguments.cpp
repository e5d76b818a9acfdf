#include "arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <sstream>
#include <utility>
#include <vector>

#include "format.h"
#include "manual_page.h"
#include "nearest.h"

namespace nestbox::cli {
namespace {

constexpr std::string_view kExitStatuses =
    R"(0 good (also when status is degraded); 1 failed; 2 bad usage, configuration or value;
3 the daemon is not running.)";

constexpr ManualPage kManual = {
    .section = 1,
    .version = NESTBOX_VERSION,
    .what = "talks to nestboxd, the camera daemon of a nest box",
    .description =
        R"(For use over SSH, from a script, or from a terminal beside the box. It changes nothing by itself: the daemon does the work
and answers. Whoever is in the group nestbox may use it; sudo usermod -aG nestbox $USER, and a new login, make you a member.

Colours appear on a terminal alone, and not where NO_COLOR is set.)",
    .exit_status = kExitStatuses,
    .files = R"(/run/nestbox/control.sock  where the daemon listens
/etc/nestbox/nestbox.yaml  the configuration
/var/lib/nestbox/settings.yaml  what was changed by set)",
    .see_also = "nestboxd(8), nestbox.yaml(5)",
};

/// The deepest command that was recognised: `live` of `nestbox live strat`.
const CLI::App& deepest(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : deepest(*parsed.front());
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + ' ' + app.get_name();
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

EarlyEnd bad_usage(const std::string& message, const CLI::App& app) {
  return {kBadUsage, {}, fmt::format("nestbox: {}\nSee {} --help.\n", message, full_name(app))};
}

EarlyEnd unknown_command(const std::string& word, const CLI::App& app) {
  const auto names = command_names(app);
  const auto close = nearest(word, names);
  const auto advice = close ? fmt::format("nearest:  {}", *close) : fmt::format("allowed:  {}", fmt::join(names, ", "));
  return bad_usage(fmt::format("there is no command \"{}\"\n  {}", printable(word), advice), app);
}

EarlyEnd left_over(const std::string& word, const CLI::App& app) {
  if (word.front() != '-') {
    if (!command_names(app).empty()) return unknown_command(word, app);
    return bad_usage(fmt::format("\"{}\" is one word too many; quote a value that has spaces", printable(word)), app);
  }
  const char* advice =
      app.get_name() == "set" ? "; write a number as -0.5, and a text in quotes of its own: '\"-x\"'" : "";
  return bad_usage(fmt::format("there is no option {}{}", printable(word), advice), app);
}

/// Words and options of the command line, and where they go.
class Parser {
 public:
  Parser() : app_("Talks to nestboxd, the camera daemon of a nest box.", "nestbox") {
    app_.set_version_flag("--version", "nestbox " NESTBOX_VERSION, "Print the version and exit");
    app_.set_help_flag("-h,--help", "Print this help, or a command's, and exit");
    app_.add_option("--socket", invocation_.socket, "Where the daemon listens (its control.socket)")
        ->type_name("PATH")
        ->capture_default_str();
    app_.add_flag("--json", json_, "Print the daemon's answer as JSON, unchanged");
    app_.footer("Exit status: " + std::string(kExitStatuses));
    app_.fallthrough();
    app_.allow_extras();  // judged by us, with the nearest command
    app_.require_subcommand(1);
    add_commands();
  }

  tl::expected<Invocation, EarlyEnd> parse(int argc, const char* const* argv) {
    if (argc == 2 && argv[1] == kManualPageOption) return tl::unexpected<EarlyEnd>({0, manual_page(app_, kManual), {}});
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return tl::unexpected<EarlyEnd>(explain(error));
    }
    const auto extras = app_.remaining(true);
    if (!extras.empty()) return tl::unexpected<EarlyEnd>(left_over(extras.front(), deepest(app_)));
    const auto& command = *app_.get_subcommands().front();
    const auto actions = command.get_subcommands();
    invocation_.command = command.get_name();
    invocation_.action = actions.empty() ? "" : actions.front()->get_name();
    if (json_ && csv_) return tl::unexpected<EarlyEnd>(bad_usage("--json or --csv, not both", command));
    invocation_.form = json_ ? OutputForm::kJson : csv_ ? OutputForm::kCsv : OutputForm::kText;
    if (!uplink_.empty()) invocation_.uplink_s = std::stoi(uplink_);  // a whole number: checked
    return std::move(invocation_);
  }

 private:
  void add_commands() {
    app_.add_subcommand("status", "How the box is, problems first");
    add_analyze(*app_.add_subcommand("analyze", "Find the motion in a video file, as the box would; needs no daemon"));
    other_settings(*app_.add_subcommand(
                       "replay", "Tell what other settings would have made of what moved of late; nothing changes"),
                   "A YAML file whose settings of motion are tried");
    add_doctor(*app_.add_subcommand("doctor", "Look for faults: camera, power, disk, keys, network; say what to do"));
    add_focus(*app_.add_subcommand("focus", "Show how sharp the picture is while you turn the lens; Ctrl-C ends it"));
    add_live(*app_.add_subcommand("live", "Start, stop or try the stream"));
    auto* snapshot = app_.add_subcommand("snapshot", "Save the newest picture as JPEG");
    snapshot
        ->add_option("-o,--output", invocation_.file,
                     "Where to; - is standard output (default: NAME_DATE_TIME.jpg, here)")
        ->type_name("FILE");
    add_visits();
    auto* set = app_.add_subcommand("set", "Change a setting while the box runs; it is kept");
    word(*set, "KEY", invocation_.key, "Its name: encoder.bitrate")->required();
    word(*set, "VALUE", invocation_.value, "As in the YAML file: 2500k, true, [always, manual]")->required();
    word(*app_.add_subcommand("get", "Print settings: value, default, where it came from"), "KEY", invocation_.key,
         "One setting (default: all)");
    app_.add_subcommand("diff", "What was changed by set");
    word(*app_.add_subcommand("reset", "Take back what was changed by set"), "KEY", invocation_.key,
         "One setting (default: all)");
    app_.add_subcommand("reload", "Read the configuration files again");
    auto* setup =
        app_.add_subcommand("setup", "Set up the box by questions: camera, name, password, network, stream key");
    setup->add_flag("-y,--yes", invocation_.unattended)->group("");  // hidden: it is refused, with the commands instead
    app_.add_subcommand("passwd", "Give the page a password: typed twice without being shown, or from a pipe");
    auto* key = app_.add_subcommand("key", "Stream keys");
    key->require_subcommand(1);
    auto* store = key->add_subcommand("set", "Give the box a stream key: typed without being shown, or from a pipe");
    word(*store, "NAME", invocation_.name, "The output it is for")->required();
    add_sim(*app_.add_subcommand("sim", "Play with simulated lines, where gpio.chip is sim"));
  }

  void add_analyze(CLI::App& analyze) {
    word(analyze, "FILE", invocation_.file, "The video")->required();
    analyze.add_flag("--csv", csv_, "Print a line for each event, with commas between (--json: JSON)");
    analyze.add_option("--picture", invocation_.picture, "Draw score, threshold, events and where it moved, as PNG")
        ->type_name("FILE");
    other_settings(analyze, "The box's YAML file (default: every setting has its default)");
  }

  void other_settings(CLI::App& command, const char* config_help) {
    command.add_option("--set", invocation_.set, "One setting, as motion.sensitivity=60; may be given again")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command.add_option("--config", invocation_.config, config_help)->type_name("FILE");
  }

  void add_visits() {
    auto* visits = app_.add_subcommand("visits", "List the visits, newest first");
    visits->add_option("--since", invocation_.since, "From when on: 24h, 7d, 2026-11-20, 2026-11-20T12:53:18+01:00")
        ->type_name("TIME");
    visits->add_flag("--csv", csv_, "Print them for a spreadsheet");
    visit(*app_.add_subcommand("why", "Say why it was a visit, and what held other movement back"));
    auto* star = app_.add_subcommand("star", "Keep a visit's recordings, whatever the card says");
    visit(*star);
    star->add_flag("--off", invocation_.off, "Take the star away");
    auto* note = app_.add_subcommand("note", "Write something down about a visit, in place of what was written");
    visit(*note);
    word(*note, "TEXT", invocation_.value, "What to write; \"\" for nothing")->required();
    auto* species = app_.add_subcommand("species", "Say who came");
    visit(*species);
    word(*species, "NAME", invocation_.value, "Who it was; \"\" for nobody known")->required();
    word(*app_.add_subcommand("day", "Make the day's film: its best moments, in under a minute"), "DAY",
         invocation_.since, "Which day: 2026-11-20, 24h (default: today)");
  }

  void visit(CLI::App& command) {
    word(command, "VISIT", invocation_.visit, "Its number, as nestbox visits shows it")
        ->required()
        ->check([](const std::string& text) {
          std::int64_t number = 0;
          const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
          const bool good = problem == std::errc() && end == text.data() + text.size() && number >= 1;
          return good ? std::string() : "\"" + text + "\" is no number of a visit; nestbox visits shows them";
        });
  }

  void add_doctor(CLI::App& doctor) {
    constexpr int kShortest_s = 10, kLongest_s = 600;
    doctor
        .add_option("--uplink", uplink_,
                    "Also send to the first output's server for so long, and propose bit rates (60s)")
        ->type_name("TIME")
        ->transform(
            [](const std::string& text) { return text.ends_with('s') ? text.substr(0, text.size() - 1) : text; })
        ->check(CLI::Range(kShortest_s, kLongest_s));
    doctor.add_flag("--lights", invocation_.lights,
                    "Also try the infra-red lamp and the IR-cut filter, in half a minute: in the dark, and while "
                    "nobody is in the box");
    doctor.add_option("--config", invocation_.file, "Where the daemon does not run: its YAML file")->type_name("FILE");
  }

  void add_focus(CLI::App& focus) {
    auto* day = focus.add_flag("--day", day_, "By daylight (the default)");
    focus.add_flag("--infrared", invocation_.infrared, "By infra-red light, which has a peak of its own")
        ->excludes(day);
    focus.add_flag("--reset", invocation_.reset, "Forget this light's peak first: another scene, another lens");
    auto* lock = focus.add_subcommand("lock", "Hold a motor lens at one distance; what to do with any other");
    word(*lock, "DIOPTRES", invocation_.value, "1 divided by the metres: 6.7 for 15 cm")->check(CLI::Range(0.0, 32.0));
  }

  void add_live(CLI::App& live) {
    live.require_subcommand(1);
    constexpr auto kName = "One output (default: all)";
    word(*live.add_subcommand("start", "Send now, until the next automatic change"), "NAME", invocation_.name, kName);
    word(*live.add_subcommand("stop", "Stop sending, until the next automatic change"), "NAME", invocation_.name,
         kName);
    word(*live.add_subcommand("test", "Try the way to the server for 20 s and say what stands in it"), "NAME",
         invocation_.name, "The output to try (default: the only one)");
  }

  void add_sim(CLI::App& sim) {
    sim.require_subcommand(1);
    auto* set = sim.add_subcommand("set", "Drive an input, as if somebody had wired it");
    word(*set, "LINE", invocation_.name, "Its name, as nestbox status --json lists it: pir, button")->required();
    word(*set, "0|1", invocation_.value, "1 is active, 0 is not, whatever the voltage")
        ->required()
        ->check([](const std::string& text) {
          const bool good = text == "0" || text == "1";
          return good ? std::string() : "\"" + text + "\" is neither 1 (active) nor 0";
        });
    word(*sim.add_subcommand("get", "Print what an input or an output is at"), "LINE", invocation_.name,
         "Its name: lamp, live_light, pir")
        ->required();
  }

  template <class Target>
  static CLI::Option* word(CLI::App& command, const char* name, Target& target, const char* help) {
    return command.add_option(name, target, help)->type_name("");
  }

  EarlyEnd explain(const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // help and version
      std::ostringstream out, ignored;
      app_.exit(error, out, ignored);
      return {0, out.str(), {}};
    }
    const auto& command = deepest(app_);
    const auto extras = app_.remaining(true);
    if (!extras.empty()) return left_over(extras.front(), command);
    if (const auto names = command_names(command); !names.empty()) {
      return bad_usage(fmt::format("a word is missing: {} {}", full_name(command), fmt::join(names, "|")), command);
    }
    return bad_usage(fmt::format("{}: {}", command.get_name(), printable(error.what())), command);
  }

  CLI::App app_;
  Invocation invocation_;
  bool json_ = false;
  bool day_ = false, csv_ = false;
  std::string uplink_;
};

}  // namespace

tl::expected<Invocation, EarlyEnd> parse_arguments(int argc, const char* const* argv) {
  return Parser().parse(argc, argv);
}

}  // namespace nestbox::cli
