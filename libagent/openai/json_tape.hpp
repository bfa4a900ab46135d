#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/json_parse.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

class json_view;

/// JSON text and an index of where its values stand: a document without copies.
///
/// For what comes in over the wire a few hundred times a second: reading another document reuses
/// the index, so a short one costs no allocation. Unlike `with_parsed_json` it keeps the order of
/// members and the spelling of numbers (`json_view::raw`), and where an object has a key twice the
/// last one counts, as with most readers of JSON.
/// Thread safety: none.
class json_tape {
public:
  /// What to do with strings that are not UTF-8.
  enum class text_rule : std::uint8_t { refuse, keep };

  explicit json_tape(const json_limits& limits = {}, text_rule rule = text_rule::refuse,
                     std::size_t values_max = 1U << 20U)
      : limits_{limits}, rule_{rule}, values_max_{values_max} {}

  /// Reads one document (RFC 8259) in place of the one before. It never recurses.
  /// @pre `text` lives as long as the document is looked at.
  /// Errors: errc::too_large for too many bytes or values (16 bytes of memory each; names count),
  /// else errc::invalid_argument with line and column; the tape is then empty.
  [[nodiscard]] expected<void> read(std::string_view text);

  /// The document; absent when there is none. Valid until the next `read`.
  [[nodiscard]] json_view root() const;

private:
  friend class json_view;
  friend class json_scanner;

  enum class kind : std::uint8_t { null, boolean, number, string, array, object };

  /// A member's name is a node of its own, before the member's value.
  struct node {
    std::uint32_t begin;
    std::uint32_t end;   ///< One past the value's last byte.
    std::uint32_t next;  ///< The node after this value and all that is in it.
    kind what;
    bool escaped;  ///< A string with a backslash in it.
  };

  std::string_view text_;
  std::vector<node> nodes_;
  std::vector<std::uint32_t> open_;  ///< While reading: the containers around.
  json_limits limits_;
  text_rule rule_;
  std::size_t values_max_;
};

/// A value on a tape, or none: looking for what is not there gives an absent view, and everything
/// about that is empty, so that a path needs one check at its end.
///
/// Valid as long as the tape's document.
class json_view {
public:
  json_view() = default;

  [[nodiscard]] bool is_absent() const { return tape_ == nullptr; }

  [[nodiscard]] bool is_null() const { return is(json_tape::kind::null); }

  [[nodiscard]] bool is_string() const { return is(json_tape::kind::string); }

  [[nodiscard]] bool is_number() const { return is(json_tape::kind::number); }

  [[nodiscard]] bool is_array() const { return is(json_tape::kind::array); }

  [[nodiscard]] bool is_object() const { return is(json_tape::kind::object); }

  /// Neither absent nor null.
  [[nodiscard]] bool has_value() const { return !is_absent() && !is_null(); }

  /// Absent: not a boolean.
  [[nodiscard]] std::optional<bool> boolean() const;
  /// Absent: not a number, or one past the range of a double.
  [[nodiscard]] std::optional<double> real() const;
  /// Absent: not a whole number in that range; `2.0` and `2e0` are whole.
  [[nodiscard]] std::optional<std::int64_t> integer(std::int64_t low, std::int64_t high) const;
  /// As `integer`, for what counts something.
  [[nodiscard]] std::optional<std::uint64_t> count() const;

  /// Appends a string's characters; nothing for any other kind. An escape for half a surrogate pair
  /// becomes the three bytes that UTF-8 would have for it; `code_point_joiner` deals with those.
  void append_text(std::string& out) const;
  /// The string's characters as valid UTF-8: what is not becomes U+FFFD. Empty for other kinds.
  [[nodiscard]] std::string text() const;
  /// Whether this is a string of exactly these characters, which need no escape.
  [[nodiscard]] bool equals(std::string_view characters) const;

  /// The bytes of the value as they stand in the text.
  [[nodiscard]] std::string_view raw() const;
  /// The value as JSON without white space, in valid UTF-8, its members in the order they came.
  [[nodiscard]] std::string compact() const;
  /// "an object", "a string" and so on, for messages; "nothing" when absent.
  [[nodiscard]] std::string_view kind_name() const;

  /// An object's member; the last one of that name. Absent where there is none.
  [[nodiscard]] json_view find(std::string_view name) const;

  /// Number of elements or members. Cost: linear.
  [[nodiscard]] std::size_t size() const;

  /// Calls `use(json_view element)` for each element of an array, until it returns false.
  /// Returns false when it was stopped.
  template <class Use>
  bool each_element(Use&& use) const {
    if (!is_array())
      return true;
    for (auto at = index_ + 1; at < here().next; at = tape_->nodes_[at].next) {
      if (!use(json_view{tape_, at}))
        return false;
    }
    return true;
  }

  /// Calls `use(json_view name, json_view value)` for each member of an object.
  template <class Use>
  void each_member(Use&& use) const {
    if (!is_object())
      return;
    for (auto at = index_ + 1; at < here().next; at = tape_->nodes_[at + 1].next)
      use(json_view{tape_, at}, json_view{tape_, at + 1});
  }

private:
  friend class json_tape;

  json_view(const json_tape* tape, std::uint32_t index) : tape_{tape}, index_{index} {}

  [[nodiscard]] const json_tape::node& here() const { return tape_->nodes_[index_]; }

  [[nodiscard]] bool is(json_tape::kind what) const {
    return tape_ != nullptr && here().what == what;
  }

  const json_tape* tape_ = nullptr;
  std::uint32_t index_ = 0;
};

}  // namespace libagent
