#include "libagent/record/json_reader.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/json_parse.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace libagent {

namespace {

using json_kind = nlohmann::json::value_t;

constexpr std::size_t names_listed_max = 20;

/// "number 3", "array": what stands there, but never the text of a string, which may be private.
std::string described(const nlohmann::json& value) {
  switch (value.type()) {
    case json_kind::null: return "null";
    case json_kind::boolean: return value.get<bool>() ? "boolean true" : "boolean false";
    case json_kind::number_integer:
    case json_kind::number_unsigned: return "number " + value.dump();
    case json_kind::number_float: return "number " + number_text(value.get<double>());
    case json_kind::string: return "string";
    case json_kind::array: return "array";
    case json_kind::object: return "object";
    default: return "binary data";
  }
}

std::string listed_names(std::span<const std::string_view> names, bool in_quotes) {
  if (names.empty())
    return "none";
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), names_listed_max); ++i) {
    out += i == 0 ? "" : ", ";
    out += in_quotes ? quoted_excerpt(names[i]) : std::string{names[i]};
  }
  if (names.size() > names_listed_max)
    out += ", ...";
  return out;
}

constexpr double exact_max = 9'007'199'254'740'992.0;  // 2^53: doubles beyond it skip integers

/// A whole number of at most 64 bits: its sign and its distance from zero.
struct whole_number {
  bool is_negative = false;
  std::uint64_t magnitude = 0;
};

bool is_whole(double number) {
  return number == std::trunc(number);
}

std::optional<whole_number> whole_number_of(const nlohmann::json& value) {
  if (value.is_number_unsigned())
    return whole_number{false, value.get<std::uint64_t>()};
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    const auto bits = static_cast<std::uint64_t>(number);
    return number < 0 ? whole_number{true, ~bits + 1} : whole_number{false, bits};
  }
  if (!value.is_number_float())
    return std::nullopt;
  const auto number = value.get<double>();
  if (!is_whole(number) || std::abs(number) > exact_max)
    return std::nullopt;
  return whole_number{number < 0, static_cast<std::uint64_t>(std::abs(number))};
}

std::string_view integer_wanted_instead_of(const nlohmann::json& value) {
  const bool is_huge = value.is_number_float() && is_whole(value.get<double>());
  return is_huge ? "integer of at most 64 bits, spelled in digits" : "integer";
}

}  // namespace

json_cursor::json_cursor(const nlohmann::json& value, std::optional<error>& failure)
    : value_{&value}, failure_{&failure} {}

json_cursor::json_cursor(const json_cursor& parent, const nlohmann::json& value,
                         std::string_view key)
    : value_{&value}, parent_{&parent}, key_{key}, failure_{parent.failure_} {}

json_cursor::json_cursor(const json_cursor& parent, const nlohmann::json& value, std::size_t index)
    : value_{&value},
      parent_{&parent},
      index_{index},
      is_element_{true},
      failure_{parent.failure_} {}

bool json_cursor::is_null() const {
  return value_->is_null();
}

bool json_cursor::read_bool(bool& out) const {
  if (!value_->is_boolean())
    return fail_expected("boolean");
  out = value_->get<bool>();
  return true;
}

bool json_cursor::read_signed(std::int64_t low, std::int64_t high, const value_bounds& bounds,
                              std::int64_t& out) const {
  const auto number = whole_number_of(*value_);
  if (!number)
    return fail_expected(integer_wanted_instead_of(*value_));
  // Distances from zero are unsigned, so that the lowest value has one, too.
  const auto limit =
      number->is_negative ? ~static_cast<std::uint64_t>(low) + 1 : static_cast<std::uint64_t>(high);
  if (number->magnitude > limit) {
    return fail_range(bounds.minimum ? number_text(*bounds.minimum) : std::to_string(low),
                      bounds.maximum ? number_text(*bounds.maximum) : std::to_string(high));
  }
  out = static_cast<std::int64_t>(number->is_negative ? ~number->magnitude + 1 : number->magnitude);
  return check_bounds(bounds, static_cast<long double>(out));
}

bool json_cursor::read_unsigned(std::uint64_t high, const value_bounds& bounds,
                                std::uint64_t& out) const {
  const auto number = whole_number_of(*value_);
  if (!number)
    return fail_expected(integer_wanted_instead_of(*value_));
  if (number->magnitude > (number->is_negative ? 0 : high)) {
    return fail_range(bounds.minimum ? number_text(*bounds.minimum) : "0",
                      bounds.maximum ? number_text(*bounds.maximum) : std::to_string(high));
  }
  out = number->magnitude;
  return check_bounds(bounds, static_cast<long double>(out));
}

bool json_cursor::read_real(double magnitude_max, const value_bounds& bounds, double& out) const {
  if (!value_->is_number())
    return fail_expected("number");
  out = value_->get<double>();
  if (std::abs(out) > magnitude_max) {
    return fail_range(number_text(bounds.minimum.value_or(-magnitude_max)),
                      number_text(bounds.maximum.value_or(magnitude_max)));
  }
  return check_bounds(bounds, static_cast<long double>(out));
}

bool json_cursor::read_string(const value_bounds& bounds, std::string& out) const {
  const auto* text = value_->get_ptr<const std::string*>();
  if (text == nullptr)
    return fail_expected("string");
  if (bounds.size_max && text->size() > *bounds.size_max) {
    return fail("string of " + std::to_string(text->size()) + " bytes, at most " +
                std::to_string(*bounds.size_max) + " allowed");
  }
  out = *text;
  return true;
}

bool json_cursor::read_raw(const value_bounds& bounds, std::string& out) const {
  if (value_->is_null()) {
    out.clear();
    return true;
  }
  out = value_->dump();
  if (bounds.size_max && out.size() > *bounds.size_max) {
    return fail("JSON of " + std::to_string(out.size()) + " bytes, at most " +
                std::to_string(*bounds.size_max) + " allowed");
  }
  return true;
}

bool json_cursor::expect_list(const value_bounds& bounds, std::size_t& size) const {
  if (!value_->is_array())
    return fail_expected("array");
  size = value_->size();
  if (bounds.size_max && size > *bounds.size_max) {
    return fail("array of " + std::to_string(size) + " elements, at most " +
                std::to_string(*bounds.size_max) + " allowed");
  }
  return true;
}

const nlohmann::json& json_cursor::element(std::size_t index) const {
  return (*value_)[index];
}

bool json_cursor::for_each_member(
    const value_bounds& bounds,
    const std::function<bool(const std::string&, const nlohmann::json&)>& read) const {
  const auto* members = value_->get_ptr<const nlohmann::json::object_t*>();
  if (members == nullptr)
    return fail_expected("object");
  if (bounds.size_max && members->size() > *bounds.size_max) {
    return fail("object of " + std::to_string(members->size()) + " members, at most " +
                std::to_string(*bounds.size_max) + " allowed");
  }
  return std::ranges::all_of(
      *members, [&read](const auto& member) { return read(member.first, member.second); });
}

bool json_cursor::find_members(std::span<const std::string_view> names,
                               std::span<const nlohmann::json*> found) const {
  const auto* members = value_->get_ptr<const nlohmann::json::object_t*>();
  if (members == nullptr)
    return fail_expected("object");
  std::size_t known = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto at = members->find(names[i]);
    found[i] = at == members->end() ? nullptr : &at->second;
    known += at == members->end() ? 0U : 1U;
  }
  if (known == members->size())
    return true;
  const auto unknown = std::ranges::find_if(*members, [names](const auto& member) {
    return std::ranges::find(names, std::string_view{member.first}) == names.end();
  });
  const json_cursor child{*this, unknown->second, unknown->first};
  const auto near = nearest_name(unknown->first, names);
  return child.fail("unknown field (known: " + listed_names(names, false) +
                    (near ? "; did you mean " + quoted_excerpt(*near) + "?)" : ")"));
}

bool json_cursor::fail(const std::string& what) const {
  if (!*failure_) {
    std::string path;
    append_path(path);
    *failure_ = error{errc::invalid_argument, shown_pointer(path) + ": " + what};
  }
  return false;
}

bool json_cursor::fail_expected(std::string_view what) const {
  return fail("expected " + std::string{what} + ", got " + described(*value_));
}

bool json_cursor::fail_missing(std::string_view name, std::string_view what) const {
  return fail("missing field " + quoted_excerpt(name) + " (expected " + std::string{what} + ")");
}

bool json_cursor::fail_choice(std::string_view text,
                              std::span<const std::string_view> allowed) const {
  return fail("expected one of " + listed_names(allowed, true) + ", got " + quoted_excerpt(text) +
              did_you_mean(text, allowed));
}

void json_cursor::append_path(std::string& out) const {
  if (parent_ == nullptr)
    return;
  parent_->append_path(out);
  append_pointer_token(out, is_element_ ? std::to_string(index_) : std::string{key_});
}

bool json_cursor::check_bounds(const value_bounds& bounds, long double number) const {
  const bool is_low = bounds.minimum && number < static_cast<long double>(*bounds.minimum);
  const bool is_high = bounds.maximum && number > static_cast<long double>(*bounds.maximum);
  if (!is_low && !is_high)
    return true;
  if (bounds.minimum && bounds.maximum)
    return fail_range(number_text(*bounds.minimum), number_text(*bounds.maximum));
  return fail(
      described(*value_) + " is out of range (allowed: at " +
      (is_low ? "least " + number_text(*bounds.minimum) : "most " + number_text(*bounds.maximum)) +
      ")");
}

bool json_cursor::fail_range(const std::string& low, const std::string& high) const {
  return fail(described(*value_) + " is out of range (allowed: " + low + " to " + high + ")");
}

}  // namespace libagent
