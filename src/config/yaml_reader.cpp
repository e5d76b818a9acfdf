#include "yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "scalars.h"

namespace nestbox::config {
namespace {

struct Spot {
  int line = 1, column = 1;
};

Where make_where(const std::string& source, Lines lines, Spot spot) {
  if (lines == Lines::kOne) return {source, 0, 0};
  return {source, std::max(spot.line, 1), std::max(spot.column, 1)};
}

constexpr std::size_t kKeyBytesMax = 64;

/// Leaves the parser from inside an event.
struct Refused {
  ConfigError error;
};

/// The number of bytes of the UTF-8 character at the front; 0 where there is none (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const auto second = byte(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f;
  const bool too_high = first == 0xf4 && second > 0x8f;
  return overlong || surrogate || too_high ? 0 : length;
}

/// What is wrong with the bytes themselves, before any YAML is looked at.
class YamlTextCheck {
 public:
  explicit YamlTextCheck(std::string_view text) : text_(text) {}
  std::optional<std::pair<Spot, std::string>> run() {
    bool in_indentation = true;
    for (std::size_t at = 0; at < text_.size();) {
      const char c = text_[at];
      if (c == '\t' && in_indentation && !line_is_blank(at)) {
        return fault("a tab indents this line; YAML takes spaces only");
      }
      const auto value = static_cast<unsigned char>(c);
      if ((value < 0x20 && c != '\t' && c != '\n' && c != '\r') || value == 0x7f) {
        return fault(fmt::format("a control character (0x{:02x}) stands here; this is no text file", value));
      }
      const auto length = utf8_length(text_.substr(at));
      if (length == 0) return fault("this is not UTF-8; save the file as UTF-8");
      in_indentation = c == '\n' || (in_indentation && (c == ' ' || c == '\t'));
      spot_ = c == '\n' ? Spot{spot_.line + 1, 1} : Spot{spot_.line, spot_.column + 1};
      at += length;
    }
    return std::nullopt;
  }

 private:
  std::pair<Spot, std::string> fault(std::string message) const { return {spot_, std::move(message)}; }
  bool line_is_blank(std::size_t at) const {
    const auto next = text_.find_first_not_of(" \t", at);
    return next == std::string_view::npos || text_[next] == '\n' || text_[next] == '\r' || text_[next] == '#';
  }
  std::string_view text_;
  Spot spot_;
};

/// Builds the tree from the parser's events, so that every bound is kept while reading, not afterwards.
class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& source, Lines lines, std::vector<ConfigError>& errors)
      : source_(source), lines_(lines), errors_(errors) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) refuse(mark, "a second document begins here; one file is one document");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark&, const std::string&) override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (awaits_key()) refuse(mark, "a key is missing before the colon");
    add(node_at(mark, NodeKind::kNull), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (awaits_key()) refuse(mark, "a key must be a plain word");
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) refuse(mark, "this alias stands inside what it names");
    count(mark, known->second.nodes);
    add(known->second.node, YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (std::any_of(value.begin(), value.end(),
                    [](char c) { return (c >= 0 && c < 0x20 && c != '\n' && c != '\t'); })) {
      refuse(mark, "a control character stands in this text");
    }
    if (awaits_key()) {
      take_key(mark, tag, value);
      return;
    }
    auto node = node_at(mark, NodeKind::kScalar);
    node.text = value;
    node.bare = tag == "?" && (parse_boolean(value) || parse_real(value));
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, NodeKind::kList);
  }
  void OnSequenceEnd() override { finish(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, NodeKind::kMap);
  }
  void OnMapEnd() override { finish(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::size_t nodes_before = 0;
    std::optional<Node::Key> key;  ///< of a map, while its value is awaited
  };
  struct Anchored {
    Node node;
    std::size_t nodes = 1;  ///< that a use of it adds
  };

  Where where(const YAML::Mark& mark) const { return make_where(source_, lines_, {mark.line + 1, mark.column + 1}); }
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string message) const {
    throw Refused{{ConfigErrorCode::kNotYaml, where(mark).text(), path(), std::move(message), "", ""}};
  }
  std::string path() const {
    std::string text;
    for (const auto& open : open_) {
      if (open.key) text += (text.empty() ? "" : ".") + open.key->text;
    }
    return text;
  }
  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kNodesMax) refuse(mark, fmt::format("more than {} values, aliases counted in full", kNodesMax));
  }
  Node node_at(const YAML::Mark& mark, NodeKind kind) {
    count(mark, 1);
    Node node;
    node.kind = kind;
    node.where = where(mark);
    return node;
  }
  bool awaits_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().key; }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags (!...) are not used here");
  }
  void take_key(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
    count(mark, 1);
    if (tag == "?" && value == "<<") {
      refuse(mark, "merge keys (<<) are not used here; write the keys out");
    }
    const bool word = !value.empty() && value.size() <= kKeyBytesMax &&
                      std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    if (!word) refuse(mark, "a key must be a plain word");
    open_.back().key = Node::Key{value, where(mark)};
  }
  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, NodeKind kind) {
    check_tag(mark, tag);
    if (awaits_key()) refuse(mark, "a key must be a plain word");
    if (open_.size() >= kDepthMax) refuse(mark, fmt::format("nested more than {} deep", kDepthMax));
    const auto before = nodes_;
    open_.push_back({node_at(mark, kind), anchor, before, std::nullopt});
  }
  void finish() {
    auto closed = std::move(open_.back());
    open_.pop_back();
    if (closed.anchor != YAML::NullAnchor) anchors_[closed.anchor] = {closed.node, nodes_ - closed.nodes_before};
    attach(std::move(closed.node));
  }
  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {node, 1};
    attach(std::move(node));
  }
  void attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& open = open_.back();
    if (open.node.is_list()) {
      open.node.items.push_back(std::move(node));
      return;
    }
    attach_to_map(open, std::move(node));
  }
  void attach_to_map(Open& open, Node node) {
    const auto first = std::find_if(open.node.keys.begin(), open.node.keys.end(),
                                    [&](const auto& other) { return other.text == open.key->text; });
    if (first == open.node.keys.end()) {
      if (node.is_null()) node.where = open.key->where;  // what is not there stands nowhere
      open.node.keys.push_back(std::move(*open.key));
      open.node.items.push_back(std::move(node));
    } else {
      const auto before = first->where.line > 0 ? fmt::format(", first in line {}", first->where.line) : "";
      errors_.push_back(
          {ConfigErrorCode::kDuplicateKey, open.key->where.text(), path(), "given twice" + before, "", ""});
    }
    open.key.reset();
  }

  const std::string& source_;
  const Lines lines_;
  std::vector<ConfigError>& errors_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

std::optional<Node> read_yaml(std::string_view text, const std::string& source, Lines lines,
                              std::vector<ConfigError>& errors) {
  const auto refused = [&](Spot spot, std::string message) {
    errors.push_back(
        {ConfigErrorCode::kNotYaml, make_where(source, lines, spot).text(), "", std::move(message), "", ""});
    return std::nullopt;
  };
  if (text.size() > kFileBytesMax) {
    errors.push_back({ConfigErrorCode::kUnreadable, source, "", "larger than 1 MiB; this is no configuration", "", ""});
    return std::nullopt;
  }
  if (const auto fault = YamlTextCheck(text).run()) return refused(fault->first, fault->second);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(source, lines, errors);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const Refused& refusal) {
    errors.push_back(refusal.error);
  } catch (const YAML::Exception& error) {
    return refused({error.mark.line + 1, error.mark.column + 1},
                   fmt::format("cannot be read as YAML ({}); look for a missing colon, quote or space", error.msg));
  }
  return std::nullopt;
}

}  // namespace nestbox::config
