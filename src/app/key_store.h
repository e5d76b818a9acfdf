#pragma once
#include <filesystem>
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/secret.h"

namespace nestbox {

/// Stream keys: a file that the YAML names, else the systemd credential NAME, else keys/NAME in the state folder.
/// Main thread only.
class KeyStore {
 public:
  /// `state` may be empty (no state folder): then only named files and credentials are found.
  explicit KeyStore(const std::filesystem::path& state);

  /// An empty Secret where there is no key. Errors: kInvalidArgument for a file that others can read (with the command
  /// that mends it), or one that is no single line of text; kNotFound for a named file that is missing.
  Result<Secret> find(const std::string& name, const std::string& key_file) const;
  /// Writes keys/NAME, mode 0600. Errors: kInvalidArgument for a bad name or an empty key.
  Result<void> store(const std::string& name, const Secret& key) const;

 private:
  std::filesystem::path keys_;
  std::filesystem::path credentials_;
};

}  // namespace nestbox
