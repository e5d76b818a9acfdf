#include "camera_module.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace nestbox::capture {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "nestbox-camera-libcamera.so.", kSuffix = ".so";

/// "0.7" of nestbox-camera-libcamera.so.0.7.so; empty for any other file.
std::string library_version(const fs::path& path) {
  const auto name = path.filename().string();
  if (name.size() <= kPrefix.size() + kSuffix.size() || name.compare(0, kPrefix.size(), kPrefix) != 0) return "";
  if (name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) != 0) return "";
  return name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
}

/// Newest first: "0.10" before "0.7".
bool is_newer(const fs::path& one, const fs::path& other) {
  return ::strverscmp(one.filename().c_str(), other.filename().c_str()) > 0;
}

std::vector<fs::path> modules_in(const fs::path& folder) {
  std::vector<fs::path> modules;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(folder, unreadable)) {
    if (!library_version(entry.path()).empty()) modules.push_back(entry.path());
  }
  std::sort(modules.begin(), modules.end(), is_newer);
  return modules;
}

/// What to do about a module that did not load, from the linker's own words.
std::string advice(const std::string& linker_says, const std::string& version) {
  const bool library_is_missing = linker_says.find("libcamera") != std::string::npos &&
                                  linker_says.find("cannot open shared object") != std::string::npos;
  if (!library_is_missing) return linker_says;
  return fmt::format("libcamera.so.{0} is not installed (sudo apt install libcamera{0})", version);
}

Result<MakeBackendFunction*> load(const fs::path& path) {
  void* const module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) return fail(ErrorKind::kNotFound, advice(::dlerror(), library_version(path)));
  auto* const version = reinterpret_cast<PortVersionFunction*>(::dlsym(module, kPortVersionSymbol));
  auto* const make = reinterpret_cast<MakeBackendFunction*>(::dlsym(module, kMakeBackendSymbol));
  if (version == nullptr || make == nullptr || version() != kCameraPortVersion) {
    ::dlclose(module);
    return fail(ErrorKind::kNotFound,
                fmt::format("{} is of another version of nestbox; install both from one package", path.string()));
  }
  return make;
}

}  // namespace

fs::path camera_module_folder() {
  std::error_code unreadable;
  return fs::read_symlink("/proc/self/exe", unreadable).parent_path().parent_path() / "lib" / "nestbox";
}

Result<MakeBackendFunction*> load_camera_module(const fs::path& folder) {
  std::string problems;
  for (const auto& path : modules_in(folder)) {
    auto made = load(path);
    if (made) return made;
    problems += (problems.empty() ? "" : "; or ") + made.error().message;
  }
  if (problems.empty()) {
    problems = fmt::format("this nestbox was built without libcamera: there is no {}VERSION{} in {}", kPrefix, kSuffix,
                           folder.string());
  }
  return fail(ErrorKind::kNotFound, "no camera can be used: " + problems);
}

}  // namespace nestbox::capture
