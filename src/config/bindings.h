#pragma once
/// Every setting of the program, once: from a key path to a member of Options. Parsing, printing, the reference page,
/// the JSON of settings and the stages that a change touches all come from this table.
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fields.h"

namespace nestbox::config {

/// Options while layers are being laid over each other.
struct Draft {
  Options options;
  std::map<std::string, Node> night;  ///< what camera.night says, by the camera's field; each one is known to be right
};

enum class Shown : std::uint8_t {
  kAlways,
  kWhenSet,  ///< a field of camera.night that is as by day unless it is set
};

struct Binding {
  std::string key;      ///< "camera.width"
  std::string section;  ///< "camera", "camera.night"; empty at the top
  std::string name;     ///< "width"
  Stages stages;
  std::string allowed, help, example;
  Form form = Form::kValue;
  Shown shown = Shown::kAlways;
  std::function<void(const Node&, Draft&, const Reading&)> read;
  std::function<Node(const Options&)> write;
};

/// In the order of the reference page.
const std::vector<Binding>& bindings();

/// Null for what is no key.
const Binding* find_binding(std::string_view key);

/// Whether keys begin with this and a dot.
bool is_section(std::string_view path);

/// Why camera.night may not name this field of camera, in a sentence; empty when it may.
std::string refused_at_night(std::string_view field);

/// The key that was probably meant; empty where none is near. A field of the right name in another section counts as
/// near.
std::string nearest_key(std::string_view key);

/// NESTBOX_CAMERA_WIDTH for camera.width.
std::string variable_name(std::string_view key);

/// The defaults, camera.night's among them.
Draft default_draft();

/// camera.night laid over camera.
void finish(Draft& draft);

inline constexpr std::string_view kNight = "camera.night";
inline constexpr std::string_view kOutputs = "live.outputs";
inline constexpr std::string_view kNightHelp =
    "While it is night (day_night.mode), these stand over camera: any key of camera but source, allow_simulated, "
    "width, "
    "height and analysis_width.";

}  // namespace nestbox::config
