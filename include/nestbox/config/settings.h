#pragma once
/// The configuration: layers of YAML, environment and options laid over the defaults, checked, and changed while the
/// daemon runs. Settings is the only writer of settings.yaml.
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "nestbox/config/config_error.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// What has to be told of a change.
enum class Stage : std::uint8_t {
  kText,     ///< name, text and privacy areas on the picture: between two frames
  kPicture,  ///< colours, exposure, lens: between two frames
  kSource,   ///< the camera is opened anew
  kEncoder,  ///< bit rate at once; size, rate, codec and sound by a new encoder
  kMotion,   ///< what is taken for movement: between two frames
  kVisits,   ///< what makes a visit, and what is kept of it: at once
  kLines,    ///< what is wired to the pins, and what decides between day and night: at once
  kOutputs,  ///< who is live, when and where to
  kWeb,      ///< the page's server is opened anew
  kLog,      ///< how much is logged: at once
  kFixed,    ///< read at the start only
};
/// "overlay", "picture", "camera", "encoder", "motion", "visits", "lines", "outputs", "page", "log", "start".
const char* stage_text(Stage stage);
inline constexpr Stage kEveryStage[] = {Stage::kText,   Stage::kPicture, Stage::kSource, Stage::kEncoder,
                                        Stage::kMotion, Stage::kVisits,  Stage::kLines,  Stage::kOutputs,
                                        Stage::kWeb,    Stage::kLog,     Stage::kFixed};

/// A set of stages.
class Stages {
 public:
  constexpr Stages() = default;
  constexpr Stages(std::initializer_list<Stage> stages) {
    for (const auto stage : stages) bits_ = static_cast<std::uint16_t>(bits_ | bit(stage));
  }
  constexpr bool contains(Stage stage) const { return (bits_ & bit(stage)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr Stages& operator|=(Stages other) {
    bits_ = static_cast<std::uint16_t>(bits_ | other.bits_);
    return *this;
  }
  constexpr bool operator==(const Stages&) const = default;

 private:
  static constexpr std::uint16_t bit(Stage stage) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(stage));
  }
  std::uint16_t bits_ = 0;
};

/// Who gave a value; later layers win.
enum class Layer : std::uint8_t { kDefault, kFile, kDropIn, kSettings, kEnvironment, kOption };

/// Where settings come from.
struct Sources {
  std::optional<std::filesystem::path> file;       ///< --config; none: the defaults alone are the lowest layer
  std::map<std::string, std::string> environment;  ///< only names that begin with NESTBOX_ are looked at
  std::vector<std::string> set_options;            ///< --set, in order: "camera.width=640"; the last one wins
  std::optional<std::string> source;               ///< --source, as it stands: camera.source, above every --set
  bool changed_by_set = true;                      ///< whether settings.yaml counts
};

/// The process's own variables that begin with NESTBOX_, for Sources::environment.
std::map<std::string, std::string> nestbox_environment();

/// One setting as people see it.
struct Setting {
  std::string key;            ///< "camera.width"
  std::string value;          ///< as YAML on one line: "1280", "\"owl box\"", "[0.1, 0.1, 0.9, 0.9]"
  std::string default_value;  ///< likewise
  std::string value_json;     ///< the value as JSON text: 1280, "3M", null
  std::string default_json;
  Layer layer = Layer::kDefault;
  std::string where;    ///< "default", "nestbox.yaml:12:3", "NESTBOX_CAMERA_WIDTH", "--set camera.width"
  std::string allowed;  ///< "a whole even number, 64 to 4608"
  std::string help;
  Stages stages;  ///< what a change of it touches
};

/// What a successful change did.
struct Change {
  Stages stages;                           ///< to be told; never kFixed
  std::vector<std::string> keys;           ///< whose value in effect is another now
  std::vector<std::string> at_next_start;  ///< keys whose new value takes effect at the next start
};

/// One setting that settings.yaml holds.
struct Difference {
  std::string key;
  std::string value;        ///< in settings.yaml, as YAML on one line
  std::string below;        ///< what would hold without settings.yaml
  std::string below_where;  ///< who says so
  std::string held_by;      ///< not empty: the environment or an option that overrules settings.yaml
};

template <class T>
using ConfigResult = tl::expected<T, std::vector<ConfigError>>;

/// Thread-bound: the main thread's. No call throws; on any error the settings in effect stay as they were.
class Settings {
 public:
  /// Reads every layer. All errors of all layers come back at once, 100 at most. A settings.yaml that is broken, or
  /// that contradicts the layers below, is no error: its last good copy (settings.yaml.bak) or nothing is used instead,
  /// and warnings() says so.
  static ConfigResult<Settings> load(Sources sources);
  Settings(Settings&&) noexcept;
  Settings& operator=(Settings&&) noexcept;
  ~Settings();

  const Options& options() const noexcept;
  /// What the last load, reload or change passed over, and what is allowed and yet hardly meant; one sentence each.
  const std::vector<std::string>& warnings() const noexcept;

  /// Writes a value to settings.yaml. `value` is YAML on one line. A key of one output is
  /// live.outputs.NAME.FIELD; a section or camera.night takes a map, which is merged. Errors: kUnknownKey, kBadValue,
  /// kSecret, kContradiction, kHeld, kFixed, kNotSaved.
  ConfigResult<Change> set(std::string_view key, std::string_view value);
  /// Takes a key, a part of its map, a section, or with "" everything out of settings.yaml. Errors as for set.
  ConfigResult<Change> reset(std::string_view key);
  /// Reads the files again; the environment and the options stay those of the start. A broken settings.yaml leaves the
  /// settings that were set in effect, and warnings() says so.
  ConfigResult<Change> reload();

  /// One key, a section, one output (live.outputs.NAME) or one of its fields; with "" every key.
  /// Errors: kUnknownKey.
  ConfigResult<std::vector<Setting>> get(std::string_view key = "") const;
  /// The options as they would be with these said as well, as if by --set; nothing changes. Errors as for load.
  ConfigResult<Options> tried(const std::vector<std::string>& set_options) const;
  /// What settings.yaml holds, by key.
  std::vector<Difference> diff() const;
  /// Every key with its value, default and origin, as YAML that loads to the same options.
  std::string print() const;

 private:
  struct State;
  explicit Settings(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A text checked and read as if it were the only configuration file. `name` stands in errors in the file's place.
ConfigResult<Options> options_from_yaml(std::string_view text, std::string_view name);

/// docs/configuration.md, made from the bindings.
std::string configuration_reference();
/// config/nestbox.yaml: every key with its default and a line that explains it, made from the bindings.
std::string configuration_sample();
/// The manual page nestbox.yaml(5), as roff, made from the bindings.
std::string configuration_manual();

}  // namespace nestbox
