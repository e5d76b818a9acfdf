#include "node.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace nestbox::config {
namespace {

constexpr std::array<std::string_view, 10> kWordsWithMeaning = {"null", "true", "false", "yes", "no",
                                                                "on",   "off",  "y",     "n",   "nan"};

/// Texts that every YAML reader takes for the text they are; all others are quoted.
bool plain_is_safe(std::string_view text) {
  const bool starts_well = !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || text[0] == '/');
  const bool only_safe = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.' ||
           c == '_' || c == '-' || c == '+';
  });
  const bool has_meaning =
      std::find(kWordsWithMeaning.begin(), kWordsWithMeaning.end(), text) != kWordsWithMeaning.end();
  return starts_well && only_safe && !has_meaning;
}

/// 3M, 2s, -20m, 11h50m, 0.2%, 0.5 lx: letters cannot be misread in a number that begins with a digit, save for the
/// exponent.
bool is_measure(std::string_view text) {
  if (text.ends_with(" lx")) {
    text.remove_suffix(3);
    return !text.empty() && text[0] != '.' && text.find_first_not_of("0123456789.") == std::string_view::npos;
  }
  if (text.size() > 1 && text[0] == '-') text.remove_prefix(1);
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  const bool per_cent = text.back() == '%';
  if (per_cent) text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(), [&](char c) {
    const bool unit = (c >= 'a' && c <= 'z' && c != 'e' && c != 'x' && c != 'o') ||
                      std::string_view("KMGT").find(c) != std::string_view::npos;
    return (c >= '0' && c <= '9') || (per_cent ? c == '.' : unit);
  });
}

template <class Write>
std::string joined(const Node& node, Write&& write) {
  std::string text;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i > 0) text += ", ";
    text += write(i);
  }
  return text;
}

}  // namespace

std::string Where::text() const {
  return line > 0 ? fmt::format("{}:{}:{}", source, line, column) : source;
}

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

void Node::put(std::string key, Node item) {
  if (auto* const present = find(key)) {
    *present = std::move(item);
    return;
  }
  keys.push_back({std::move(key), item.where});
  items.push_back(std::move(item));
}

void Node::remove(std::string_view key) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text != key) continue;
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

Node text_node(std::string text) {
  Node node;
  node.kind = NodeKind::kScalar;
  node.text = std::move(text);
  return node;
}

Node bare_node(std::string text) {
  Node node = text_node(std::move(text));
  node.bare = true;
  return node;
}

Node list_node(std::vector<Node> items) {
  Node node;
  node.kind = NodeKind::kList;
  node.items = std::move(items);
  return node;
}

Node map_node() {
  Node node;
  node.kind = NodeKind::kMap;
  return node;
}

void merge(Node& lower, const Node& upper) {
  if (!lower.is_map() || !upper.is_map()) {
    lower = upper;
    return;
  }
  for (std::size_t i = 0; i < upper.keys.size(); ++i) {
    if (auto* const present = lower.find(upper.keys[i].text)) {
      merge(*present, upper.items[i]);
    } else {
      lower.keys.push_back(upper.keys[i]);
      lower.items.push_back(upper.items[i]);
    }
  }
}

std::string to_flow_yaml(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kScalar:
      return node.bare || plain_is_safe(node.text) || is_measure(node.text) ? node.text : double_quoted(node.text);
    case NodeKind::kList:
      return fmt::format("[{}]", joined(node, [&](auto i) { return to_flow_yaml(node.items[i]); }));
    case NodeKind::kMap:
      break;
  }
  return fmt::format("{{{}}}", joined(node, [&](auto i) {
                       return fmt::format("{}: {}", node.keys[i].text, to_flow_yaml(node.items[i]));
                     }));
}

std::string to_json(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kScalar:
      return node.bare ? node.text : double_quoted(node.text);
    case NodeKind::kList:
      return fmt::format("[{}]", joined(node, [&](auto i) { return to_json(node.items[i]); }));
    case NodeKind::kMap:
      break;
  }
  return fmt::format("{{{}}}", joined(node, [&](auto i) {
                       return fmt::format("{}: {}", double_quoted(node.keys[i].text), to_json(node.items[i]));
                     }));
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string echo(std::string_view value) {
  constexpr std::size_t kShown = 60;
  if (value.size() <= kShown) return double_quoted(value);
  auto cut = kShown;
  while (cut > 0 && (static_cast<unsigned char>(value[cut]) & 0xc0) == 0x80) --cut;  // not inside a character
  return double_quoted(value.substr(0, cut)) + "...";
}

}  // namespace nestbox::config
