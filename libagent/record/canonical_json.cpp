#include "libagent/record/canonical_json.hpp"

#include "libagent/base/text.hpp"
#include "libagent/record/canonical_number.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace libagent {

namespace {

/// In UTF-8 the characters past U+FFFF sort last; in UTF-16 their surrogates sort before U+E000.
/// Apart from that, both orders are the same.
constexpr unsigned utf16_rank(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0xEE || byte == 0xEF ? byte + 0x10U : byte;
}

bool comes_before_in_utf16(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(a, b, {}, utf16_rank, utf16_rank);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = utf8_sequence_size(text);
    if (size == 0)
      return false;
    text.remove_prefix(size);
  }
  return true;
}

/// Writes one value; recursion is bounded by the limit of depth.
class canonical_writer {
public:
  using json = nlohmann::json;

  canonical_writer(const json_limits& limits, std::span<const std::string_view> left_out)
      : limits_{limits}, left_out_{left_out} {}

  bool write(const json& value) {
    if (out_.size() > limits_.bytes_max) {
      return fail(errc::too_large,
                  "more than " + std::to_string(limits_.bytes_max) + " bytes of canonical JSON");
    }
    switch (value.type()) {
      case json::value_t::null: return append("null");
      case json::value_t::boolean: return append(value.get<bool>() ? "true" : "false");
      case json::value_t::number_integer:
        return append(canonical_number(value.get<std::int64_t>()));
      case json::value_t::number_unsigned:
        return append(canonical_number(value.get<std::uint64_t>()));
      case json::value_t::number_float: return write_real(value.get<double>());
      case json::value_t::string: return write_string(value.get_ref<const std::string&>());
      case json::value_t::array: return write_array(value);
      case json::value_t::object: return write_object(value.get_ref<const json::object_t&>());
      default: return fail(errc::invalid_argument, "a value that JSON does not have");
    }
  }

  [[nodiscard]] expected<std::string> result() && {
    if (failure_)
      return std::move(*failure_);
    if (out_.size() > limits_.bytes_max) {
      return error{errc::too_large, "canonical JSON has " + std::to_string(out_.size()) +
                                        " bytes, at most " + std::to_string(limits_.bytes_max) +
                                        " allowed"};
    }
    return std::move(out_);
  }

private:
  bool append(std::string_view text) {
    out_ += text;
    return true;
  }

  bool write_real(double value) {
    if (!std::isfinite(value))
      return fail(errc::invalid_argument, "a number that is not finite");
    return append(canonical_number(value));
  }

  bool write_string(const std::string& text) {
    if (!is_utf8(text))
      return fail(errc::invalid_argument, quoted_excerpt(text) + " is not valid UTF-8");
    append_quoted(out_, text);
    return true;
  }

  bool write_array(const json& array) {
    if (!enter())
      return false;
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0)
        out_ += ',';
      if (!write(array[i]))
        return false;
    }
    out_ += ']';
    --depth_;
    return true;
  }

  bool write_object(const json::object_t& object) {
    if (!enter())
      return false;
    out_ += '{';
    bool is_first = true;
    for (const auto* member : sorted_members(object)) {
      if (!is_first)
        out_ += ',';
      is_first = false;
      if (!write_string(member->first) || !append(":") || !write(member->second))
        return false;
    }
    out_ += '}';
    --depth_;
    return true;
  }

  [[nodiscard]] std::vector<const json::object_t::value_type*> sorted_members(
      const json::object_t& object) const {
    std::vector<const json::object_t::value_type*> members;
    members.reserve(object.size());
    for (const auto& member : object) {
      if (depth_ > 1 || std::ranges::find(left_out_, member.first) == left_out_.end())
        members.push_back(&member);
    }
    std::ranges::sort(members, comes_before_in_utf16,
                      [](const auto* member) -> const std::string& { return member->first; });
    return members;
  }

  bool enter() {
    if (++depth_ > limits_.depth_max) {
      return fail(errc::invalid_argument,
                  "nested deeper than " + std::to_string(limits_.depth_max) + " levels");
    }
    return true;
  }

  bool fail(errc code, std::string what) {
    failure_ = error{code, "write canonical JSON: " + std::move(what)};
    return false;
  }

  json_limits limits_;
  std::span<const std::string_view> left_out_;
  std::string out_;
  std::size_t depth_ = 0;
  std::optional<error> failure_;
};

}  // namespace

expected<std::string> canonical_json_of(const nlohmann::json& value, const json_limits& limits,
                                        std::span<const std::string_view> left_out) {
  canonical_writer writer{limits, left_out};
  writer.write(value);
  return std::move(writer).result();
}

expected<std::string> canonical_json(std::string_view text, const json_limits& limits,
                                     std::span<const std::string_view> left_out) {
  std::string canonical;
  auto parsed = with_parsed_json(text, limits, [&](const nlohmann::json& value) {
    // Only the text is bounded here: 1e20 has four letters and 21 digits.
    auto written = canonical_json_of(
        value, {.bytes_max = std::string::npos, .depth_max = limits.depth_max}, left_out);
    if (!written)
      return expected<void>{std::move(written.error())};
    canonical = std::move(*written);
    return expected<void>{};
  });
  if (!parsed)
    return parsed.error();
  return canonical;
}

}  // namespace libagent
