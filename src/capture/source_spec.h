#pragma once
/// `camera.source` as a value.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "nestbox/base/result.h"

namespace nestbox::capture {

struct AutoSpec {};
struct DemoSpec {};
struct LibcameraSpec {
  std::string id;  ///< empty: the first one
};
struct SceneSpec {
  std::uint64_t seed = 1;
};

enum class Pace : std::uint8_t {
  kStamps,  ///< as the file's stamps say
  kFast,    ///< as fast as consumers give buffers back
};
enum class AtEnd : std::uint8_t { kStop, kLoop };

struct FileSpec {
  std::string path;
  AtEnd at_end = AtEnd::kStop;
  Pace pace = Pace::kStamps;
};

using SourceSpec = std::variant<AutoSpec, DemoSpec, LibcameraSpec, FileSpec, SceneSpec>;

/// auto | libcamera[:ID] | file:PATH[?loop=1][&pace=fast] | scene[:SEED] | demo. In a PATH the last '?' begins the
/// options. Errors: kInvalidArgument, with what is allowed.
Result<SourceSpec> parse_source_spec(std::string_view text);

}  // namespace nestbox::capture
