#pragma once
/// A YAML document as a plain tree of our own, with the place of every part: yaml-cpp stays in yaml_reader.cpp.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nestbox::config {

/// Where a part of a document stands.
struct Where {
  std::string source;        ///< the file as it was named, the variable, the option
  int line = 0, column = 0;  ///< from 1; 0: the source is one value and has no lines
  std::string text() const;
};

enum class NodeKind : std::uint8_t { kNull, kScalar, kList, kMap };

struct Node {
  struct Key {
    std::string text;
    Where where;
  };
  NodeKind kind = NodeKind::kNull;
  std::string text;   ///< of a scalar
  bool bare = false;  ///< a number or a boolean as a program wrote it, or plain in a file: without quotes
  Where where;
  std::vector<Key> keys;  ///< of a map, one for each item
  std::vector<Node> items;

  bool is_map() const { return kind == NodeKind::kMap; }
  bool is_list() const { return kind == NodeKind::kList; }
  bool is_scalar() const { return kind == NodeKind::kScalar; }
  bool is_null() const { return kind == NodeKind::kNull; }

  /// The item of a map; null where there is none.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// Adds an item to a map, or replaces it.
  void put(std::string key, Node item);
  void remove(std::string_view key);
};

Node text_node(std::string text);
Node bare_node(std::string text);
Node list_node(std::vector<Node> items);
Node map_node();

/// Lays `upper` over `lower`: maps merge, everything else replaces.
void merge(Node& lower, const Node& upper);

/// On one line: {name: youtube, url: "rtmp://..."}.
std::string to_flow_yaml(const Node& node);
/// Of what a codec wrote: a file's own booleans and numbers (yes, .5) need not be JSON's.
std::string to_json(const Node& node);

/// A text in double quotes with every character escaped that YAML or JSON could misread.
std::string double_quoted(std::string_view text);

/// A value as an error repeats it: quoted, without control characters, 60 characters at most.
std::string echo(std::string_view value);

}  // namespace nestbox::config
